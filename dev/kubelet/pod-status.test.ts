import { expect, test } from "bun:test";
import type { Pod } from "#lib/k8s/types/core.ts";
import { type ContainerState, podStatus } from "./pod-status.ts";

const AT = "2026-01-01T00:00:00Z";
const running: ContainerState = {
  id: "x",
  restarts: 0,
  ready: true,
  started: true,
  state: { type: "running", since: AT },
};
const ended = (exitCode: number): ContainerState => ({
  ...running,
  ready: false,
  state: { type: "terminated", exitCode, at: AT, since: AT },
});

const pod = (restartPolicy?: string): Pod => ({
  spec: {
    ...(restartPolicy !== undefined && { restartPolicy }),
    initContainers: [{ name: "linkerd-proxy", restartPolicy: "Always" }, { name: "once" }],
    containers: [{ name: "web" }],
  },
});

const statusOf = (
  subject: Pod,
  containers: Record<string, ContainerState>,
): [string | undefined, string] => {
  const status = podStatus(subject, {
    ...{ containers, podIps: ["10.1.0.2"], nodeIps: ["10.1.0.1"], startTime: AT, now: AT },
  });
  const ready = status.conditions?.find(({ type }) => type === "Ready")?.status;
  return [status.phase, ready ?? ""];
};

test("a pod runs when its init containers are through, and is ready when all that stays is ready", () => {
  const once = ended(0);
  expect(statusOf(pod(), {})).toEqual(["Pending", "False"]);
  expect(statusOf(pod(), { "linkerd-proxy": running, web: running })).toEqual(["Pending", "False"]);
  const all = { "linkerd-proxy": running, once, web: running };
  expect(statusOf(pod(), all)).toEqual(["Running", "True"]);
  const unready = { ...all, "linkerd-proxy": { ...running, ready: false } };
  expect(statusOf(pod(), unready)).toEqual(["Running", "False"]);
});

test("a pod that ends for good has succeeded or failed", () => {
  const gone = { "linkerd-proxy": { ...ended(0), started: true }, once: ended(0) };
  expect(statusOf(pod("OnFailure"), { ...gone, web: ended(0) })[0]).toBe("Succeeded");
  expect(statusOf(pod("Never"), { ...gone, web: ended(1) })[0]).toBe("Failed");
  expect(statusOf(pod("OnFailure"), { ...gone, web: ended(1) })[0]).toBe("Running");
});

test("a condition keeps the time of its last change; what waits says why", () => {
  const before = podStatus(pod(), {
    ...{ containers: {}, podIps: undefined, nodeIps: ["n"], startTime: AT, now: AT },
  });
  const after = podStatus(
    { ...pod(), status: before },
    { containers: {}, podIps: undefined, nodeIps: ["n"], startTime: AT, now: "later" },
  );
  expect(after.conditions).toEqual(before.conditions ?? []);
  expect(after.containerStatuses?.[0]?.state?.waiting?.reason).toBe("PodInitializing");
  expect(after.podIP).toBeUndefined();
});

test("a restarted container tells how it ended before", () => {
  const { containerStatuses } = podStatus(pod(), {
    containers: { web: { ...running, restarts: 1, last: { exitCode: 3, at: AT, since: AT } } },
    ...{ podIps: ["p"], nodeIps: ["n"], startTime: AT, now: AT },
  });
  expect(containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(3);
  expect(containerStatuses?.[0]?.restartCount).toBe(1);
});

test("a pod has its addresses and its node's, the primary one as the one address", () => {
  const status = podStatus(pod(), {
    ...{ containers: {}, podIps: ["fd00::2", "10.1.0.2"], nodeIps: ["fd00::1", "10.1.0.1"] },
    ...{ startTime: AT, now: AT },
  });
  expect(status).toMatchObject({
    ...{ podIP: "fd00::2", podIPs: [{ ip: "fd00::2" }, { ip: "10.1.0.2" }] },
    ...{ hostIP: "fd00::1", hostIPs: [{ ip: "fd00::1" }, { ip: "10.1.0.1" }] },
  });
});
