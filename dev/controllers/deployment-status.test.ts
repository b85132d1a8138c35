import { expect, test } from "bun:test";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import { deploymentStatus } from "./deployment-status.ts";
import type { Condition } from "./status.ts";

const deployment = {
  metadata: { generation: 1 },
  spec: { replicas: 1, progressDeadlineSeconds: 10 },
} as Deployment;
const reasons = (given: Deployment, available: number, wallMs: number) => {
  const newest = {
    metadata: { name: "rs" },
    status: { replicas: 1, readyReplicas: available, availableReplicas: available },
  };
  const { status, checkAgainMs } = deploymentStatus({
    deployment: given,
    newest,
    all: [newest],
    wallMs,
  });
  return {
    status: status as NonNullable<Deployment["status"]> & { conditions: Condition[] },
    checkAgainMs,
  };
};

test("deploymentStatus() progresses, times out and completes", () => {
  const first = reasons(deployment, 0, 0);
  expect(first.checkAgainMs).toBe(10_000);
  expect(first.status.conditions.map(({ reason }) => reason)).toEqual([
    "MinimumReplicasUnavailable",
    "ReplicaSetUpdated",
  ]);
  const late = reasons({ ...deployment, status: first.status } as Deployment, 0, 10_000);
  expect(late.status.conditions.at(-1)).toMatchObject({
    status: "False",
    reason: "ProgressDeadlineExceeded",
  });
  const done = reasons({ ...deployment, status: late.status } as Deployment, 1, 11_000);
  expect(done.status.conditions.map(({ reason }) => reason)).toEqual([
    "MinimumReplicasAvailable",
    "NewReplicaSetAvailable",
  ]);
});
