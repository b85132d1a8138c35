import { expect, test } from "bun:test";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import { controllerService, controllerWorkload } from "./controller.ts";
import { createValues } from "./values.ts";

const values = createValues("1.2.3", { controllerReplicas: 3, imagePullPolicy: "Never" });
const spec = {
  component: "identity",
  args: ["-addr=:8080"],
  ports: [{ name: "grpc", port: 8080 }],
  adminPort: 9990,
  volumes: [{ volume: { name: "v", emptyDir: {} }, mountPath: "/v" }],
} as const;

test("controllerWorkload() says where the controller is alive and ready, and as whom it runs", () => {
  const deployment = controllerWorkload(spec, values).at(-1) as Deployment;
  expect(deployment.spec?.replicas).toBe(3);
  expect(deployment.spec?.template.spec?.containers[0]).toMatchObject({
    name: "identity",
    image: "ghcr.io/bunkerd/bunkerd:1.2.3",
    imagePullPolicy: "Never",
    args: ["controller", "identity", "-log-level=info", "-log-format=plain", "-addr=:8080"],
    livenessProbe: { httpGet: { path: "/live", port: 9990 } },
    readinessProbe: { httpGet: { path: "/ready", port: 9990 } },
    securityContext: { runAsUser: 2103, readOnlyRootFilesystem: true },
  });
});

test("controllerWorkload() runs pods where, and marked as, the values say", () => {
  const set = createValues("1.2.3", {
    nodeSelector: { disk: "ssd" },
    tolerations: [{ key: "mesh", operator: "Exists" }],
    imagePullSecrets: [{ name: "registry" }],
    priorityClassName: "high",
    runtimeClassName: "kata",
    revisionHistoryLimit: 3,
    deploymentStrategy: { rollingUpdate: { maxSurge: 2 } },
    podLabels: { team: "mesh", "linkerd.io/control-plane-component": "other" },
    podAnnotations: { note: "x", "config.linkerd.io/proxy-log-level": "debug" },
  });
  const { spec: made } = controllerWorkload(spec, set).at(-1) as Deployment;
  expect(made).toMatchObject({
    revisionHistoryLimit: 3,
    strategy: { rollingUpdate: { maxUnavailable: "25%", maxSurge: 2 } },
    template: {
      metadata: {
        labels: { team: "mesh", "linkerd.io/control-plane-component": "identity" },
        annotations: { note: "x" },
      },
      spec: {
        nodeSelector: { "kubernetes.io/os": "linux", disk: "ssd" },
        tolerations: [{ key: "mesh", operator: "Exists" }],
        imagePullSecrets: [{ name: "registry" }],
        priorityClassName: "high",
        runtimeClassName: "kata",
      },
    },
  });
  const log = made?.template.spec?.initContainers?.[0]?.env?.find(
    ({ name }) => name === "LINKERD2_PROXY_LOG",
  );
  expect(log?.value).toBe(set.proxy.logLevel);
});

test("controllerService() is headless where that is asked for", () => {
  const port = { name: "grpc", port: 8080, targetPort: 8080 };
  const service = controllerService("s", { values, component: "identity", port, headless: true });
  expect(service.spec?.clusterIP).toBe("None");
  const plain = controllerService("s", { values, component: "identity", port });
  expect(plain.spec?.clusterIP).toBeUndefined();
});
