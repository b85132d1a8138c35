import { expect, test } from "bun:test";
import { withDefaults } from "./defaults.ts";

const complete = (apiVersion: string, kind: string, rest: Record<string, unknown> = {}) =>
  withDefaults({ apiVersion, kind, metadata: { name: "a", uid: "u" }, ...rest });

test("withDefaults() completes each kind", () => {
  expect(complete("v1", "Pod", { spec: { containers: [] } })).toMatchObject({
    spec: { serviceAccountName: "default" },
    status: { phase: "Pending", qosClass: "BestEffort" },
  });
  expect(complete("v1", "Namespace")).toMatchObject({
    spec: { finalizers: ["kubernetes"] },
    metadata: { labels: { "kubernetes.io/metadata.name": "a" } },
  });
  expect(complete("v1", "Secret", { stringData: { a: "b" } })).toMatchObject({
    type: "Opaque",
    data: { a: "Yg==" },
  });
  expect(complete("v1", "Service", { spec: { ports: [{ port: 1 }] } })).toMatchObject({
    spec: { type: "ClusterIP", ports: [{ targetPort: 1, protocol: "TCP" }] },
  });
  expect(complete("apps/v1", "DaemonSet")).toMatchObject({
    spec: { updateStrategy: { type: "RollingUpdate" } },
  });
  expect(complete("apps/v1", "ReplicaSet")).toMatchObject({ spec: { replicas: 1 } });
  expect(complete("apps/v1", "StatefulSet")).toMatchObject({
    spec: { podManagementPolicy: "OrderedReady" },
  });
  expect(complete("v1", "ReplicationController")).toMatchObject({ spec: { replicas: 1 } });
  expect(complete("batch/v1", "CronJob")).toMatchObject({ spec: { suspend: false } });
  expect(complete("batch/v1", "Job")).toMatchObject({
    spec: {
      completions: 1,
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "u" } },
    },
  });
  expect(
    complete("apps/v1", "Deployment", { spec: { strategy: { type: "Recreate" } } }),
  ).toMatchObject({ spec: { replicas: 1, strategy: { type: "Recreate" } } });
  const webhooks = [{ name: "w", rules: [{}], clientConfig: { service: {} } }];
  expect(
    complete("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", { webhooks }),
  ).toMatchObject({
    webhooks: [
      {
        failurePolicy: "Fail",
        timeoutSeconds: 10,
        rules: [{ scope: "*" }],
        clientConfig: { service: { port: 443 } },
      },
    ],
  });
});

test("withDefaults() tells the quality of a pod", () => {
  const quality = (resources: unknown) => {
    const pod = complete("v1", "Pod", { spec: { containers: [{ resources }] } });
    return (pod["status"] as { qosClass: string }).qosClass;
  };
  const limits = { cpu: "1", memory: "1" };
  expect([quality({ limits }), quality({ requests: { cpu: "1" } })]).toEqual([
    "Guaranteed",
    "Burstable",
  ]);
});
