import { expect, test } from "bun:test";
import type { Pod } from "#lib/k8s/types/core.ts";
import { readConfig } from "../../proxy/config/read.ts";
import { fakeValues } from "../../test/fake/values.ts";
import { addProxy, inject } from "./inject.ts";
import type { InjectOptions } from "./options.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const options: InjectOptions = {
  values: fakeValues(),
  namespace: "shop",
  namespaceAnnotations: { "linkerd.io/inject": "enabled" },
  anchors: { pem: PEM },
  createdBy: "linkerd/proxy-injector",
};
const web = (over: object = {}): Pod => ({
  metadata: {
    labels: { app: "web", "pod-template-hash": "abc" },
    ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-abc", uid: "1" }],
    ...over,
  },
  spec: {
    containers: [
      {
        name: "app",
        ports: [{ containerPort: 8080, name: "http" }, { containerPort: 5432 }],
        readinessProbe: { httpGet: { path: "/", port: 9000 } },
      },
    ],
  },
});

function injected(pod: Pod, over: Partial<InjectOptions> = {}): Pod {
  const result = inject(pod, { ...options, ...over });
  if (result.type !== "injected") throw new Error(JSON.stringify(result));
  return result.pod;
}

/** The variables as the kubelet would set them. */
function variables(pod: Pod): Record<string, string> {
  const proxy = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find(
    ({ name }) => name === "linkerd-proxy",
  );
  const set: Record<string, string> = {};
  for (const { name, value, valueFrom } of proxy?.env ?? [])
    set[name] =
      value?.replaceAll(/\$\((\w+)\)/g, (_, key: string) => set[key] ?? "") ??
      (valueFrom?.fieldRef?.fieldPath === "status.podIPs"
        ? "10.0.0.1"
        : (valueFrom?.fieldRef?.fieldPath.split(".")[1] ?? ""));
  return set;
}

test("INJ6: a pod gets a native sidecar without any privilege, first of all", () => {
  const pod = injected(web());
  const [proxy] = pod.spec?.initContainers ?? [];
  expect(proxy).toMatchObject({
    name: "linkerd-proxy",
    image: "ghcr.io/bunkerd/bunkerd:1.2.3",
    args: ["proxy"],
    restartPolicy: "Always",
    securityContext: {
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsUser: 2102,
      allowPrivilegeEscalation: false,
      seccompProfile: { type: "RuntimeDefault" },
    },
    startupProbe: { httpGet: { path: "/ready", port: 4191 }, failureThreshold: 120 },
  });
  expect(pod.spec?.initContainers).toHaveLength(1);
  expect(pod.spec?.volumes?.map(({ name }) => name)).toEqual([
    "linkerd-identity-end-entity",
    "linkerd-identity-token",
  ]);
  expect(pod.metadata?.labels).toMatchObject({
    "linkerd.io/control-plane-ns": "linkerd",
    "linkerd.io/workload-ns": "shop",
    "linkerd.io/proxy-deployment": "web",
  });
  expect(pod.metadata?.annotations).toMatchObject({
    "linkerd.io/inject": "enabled",
    "linkerd.io/proxy-version": "1.2.3",
    "linkerd.io/created-by": "linkerd/proxy-injector 1.2.3",
    "config.linkerd.io/opaque-ports": "5432",
  });
  expect(pod.metadata?.annotations?.["linkerd.io/trust-root-sha256"]).toMatch(/^[0-9a-f]{64}$/);
});

test("the proxy reads the whole environment without an error", () => {
  const result = readConfig(variables(injected(web())));
  if (result.type === "errors") throw new Error(result.errors.join());
  expect(result.config.identity.localName).toBe(
    "serviceAccountName.namespace.serviceaccount.identity.linkerd.cluster.local",
  );
  expect(result.config.inbound.ports).toEqual([5432, 8080, 9000]);
  expect(result.config.policy.workload).toBe('{"ns":"namespace", "pod":"name"}\n');
  expect(result.config.captureProof).toBe(true);
  expect(result.config.identity.trustWatch).toBe(true);
  const annotations = { "config.bunkerd.io/trust-watch": "disabled" };
  const off = readConfig(variables(injected(web({ annotations }))));
  expect(off.type === "config" && off.config.identity.trustWatch).toBe(false);
});

test("INJ11: additional variables replace by name; a list that cannot be read is a warning", () => {
  const key = "config.linkerd.io/proxy-additional-env";
  const pod = injected(
    web({ annotations: { [key]: '[{"name":"LINKERD2_PROXY_LOG","value":"trace"}]' } }),
  );
  expect(variables(pod)["LINKERD2_PROXY_LOG"]).toBe("trace");
  const result = addProxy(web({ annotations: { [key]: "{}" } }), options);
  expect(result.warnings).toHaveLength(1);
});

test("INJ10: without a native sidecar the proxy is an ordinary container, first if it is waited for", () => {
  const off = { "config.linkerd.io/proxy-enable-native-sidecar": "false" };
  const pod = injected(web({ annotations: off }));
  expect(pod.spec?.containers.map(({ name }) => name)).toEqual(["linkerd-proxy", "app"]);
  expect(pod.spec?.initContainers).toBeUndefined();
  const last = injected(
    web({ annotations: { ...off, "config.linkerd.io/proxy-await": "disabled" } }),
  );
  expect(last.spec?.containers.map(({ name }) => name)).toEqual(["app", "linkerd-proxy"]);
});

test("injecting twice changes nothing", () => {
  const once = injected(web());
  expect(inject(once, options)).toEqual({
    type: "skipped",
    reason: "sidecar_already_exists",
    pod: once,
  });
});

test("namespace annotations are copied, resources become quantities", () => {
  const pod = injected(web(), {
    namespaceAnnotations: {
      "linkerd.io/inject": "ingress",
      "config.linkerd.io/proxy-cpu-request": "10m",
      "config.linkerd.io/proxy-memory-limit": "64Mi",
      "other.io/x": "1",
    },
  });
  expect(pod.metadata?.annotations?.["config.linkerd.io/proxy-cpu-request"]).toBe("10m");
  expect(pod.metadata?.annotations?.["other.io/x"]).toBeUndefined();
  expect(pod.spec?.initContainers?.[0]?.resources).toEqual({
    limits: { memory: "64Mi" },
    requests: { cpu: "10m" },
  });
  expect(variables(pod)["LINKERD2_PROXY_INGRESS_MODE"]).toBe("true");
});

test("the control plane's own proxies dial their own pod and read anchors from the ConfigMap", () => {
  const at = (component: "identity" | "destination"): Record<string, string> =>
    variables(addProxy(web(), { ...options, component, anchors: "config-map" }).pod);
  expect(at("identity")).toMatchObject({
    LINKERD2_PROXY_IDENTITY_SVC_ADDR: "localhost.:8080",
    LINKERD2_PROXY_POLICY_SVC_ADDR: "linkerd-policy.linkerd.svc.cluster.local.:8090",
  });
  expect(at("destination")).toMatchObject({
    LINKERD2_PROXY_DESTINATION_SVC_ADDR: "localhost.:8086",
    LINKERD2_PROXY_POLICY_SVC_ADDR: "localhost.:8090",
  });
});

test("values shape each proxy where no annotation does", () => {
  const { proxy, ...rest } = fakeValues();
  const values = {
    ...rest,
    proxy: {
      ...proxy,
      nativeSidecar: false,
      waitBeforeExitSeconds: 7,
      requireIdentityOnInboundPorts: "8080",
      outboundConnectTimeout: "2s",
    },
  };
  const pod = injected(web(), { values });
  const [container] = pod.spec?.containers ?? [];
  expect([container?.name, container?.lifecycle?.preStop]).toEqual([
    "linkerd-proxy",
    { sleep: { seconds: 7 } },
  ]);
  expect(variables(pod)["LINKERD2_PROXY_OUTBOUND_CONNECT_TIMEOUT"]).toBe("2s");
  const key = "config.linkerd.io/proxy-require-identity-inbound-ports";
  expect(pod.metadata?.annotations?.[key]).toBe("8080");
  const annotations = {
    [key]: "9000",
    "config.linkerd.io/proxy-enable-native-sidecar": "enabled",
    "config.alpha.linkerd.io/proxy-wait-before-exit-seconds": "0",
  };
  const own = injected(web({ annotations }), { values });
  expect(own.metadata?.annotations?.[key]).toBe("9000");
  expect(own.spec?.initContainers?.[0]).toMatchObject({ name: "linkerd-proxy" });
  expect(own.spec?.initContainers?.[0]?.lifecycle).toBeUndefined();
});
