import { expect, test } from "bun:test";
import type { MutatingWebhookConfiguration } from "#lib/k8s/types/admission.ts";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import type { ConfigMap, Container, PodSpec, Secret, Service } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { ClusterRole } from "#lib/k8s/types/rbac.ts";
import { readConfig } from "../proxy/config/read.ts";
import { createCertificates } from "./certificates.ts";
import { renderControlPlane } from "./control-plane.ts";
import { createValues, HA } from "./values.ts";

const nowMs = Date.UTC(2026, 0, 1);
const certificates = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs,
});
const values = createValues("1.2.3");
const objects = renderControlPlane(values, certificates);

function find<T extends KubeObject>(kind: string, name: string, from = objects): T {
  const found = from.find((each) => each.kind === kind && each.metadata?.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found as T;
}
const specOf = (component: string): PodSpec => {
  const spec = find<Deployment>("Deployment", `linkerd-${component}`).spec?.template.spec;
  if (spec === undefined) throw new Error("no pod");
  return spec;
};
const COMPONENTS = ["identity", "destination", "proxy-injector"] as const;

test("the names that Linkerd's command line looks up are there", () => {
  expect(objects.map(({ kind, metadata }) => `${kind}/${metadata?.name}`)).toEqual([
    "Namespace/linkerd",
    "ConfigMap/linkerd-config",
    "Secret/linkerd-config-overrides",
    "ConfigMap/linkerd-identity-trust-roots",
    "ServiceAccount/linkerd-identity",
    "ClusterRole/linkerd-linkerd-identity",
    "ClusterRoleBinding/linkerd-linkerd-identity",
    "Role/linkerd-identity",
    "RoleBinding/linkerd-identity",
    "Secret/linkerd-identity-issuer",
    "Service/linkerd-identity",
    "Service/linkerd-identity-headless",
    "NetworkPolicy/linkerd-identity",
    "Deployment/linkerd-identity",
    "ServiceAccount/linkerd-destination",
    "ClusterRole/linkerd-linkerd-destination",
    "ClusterRoleBinding/linkerd-linkerd-destination",
    "Role/linkerd-destination",
    "RoleBinding/linkerd-destination",
    "Service/linkerd-dst",
    "Service/linkerd-dst-headless",
    "Service/linkerd-policy",
    "Secret/linkerd-sp-validator-k8s-tls",
    "Service/linkerd-sp-validator",
    "Secret/linkerd-policy-validator-k8s-tls",
    "Service/linkerd-policy-validator",
    "NetworkPolicy/linkerd-destination",
    "Deployment/linkerd-destination",
    "ValidatingWebhookConfiguration/linkerd-sp-validator-webhook-config",
    "ValidatingWebhookConfiguration/linkerd-policy-validator-webhook-config",
    "ServiceAccount/linkerd-proxy-injector",
    "ClusterRole/linkerd-linkerd-proxy-injector",
    "ClusterRoleBinding/linkerd-linkerd-proxy-injector",
    "Role/linkerd-proxy-injector",
    "RoleBinding/linkerd-proxy-injector",
    "Secret/linkerd-proxy-injector-k8s-tls",
    "Service/linkerd-proxy-injector",
    "NetworkPolicy/linkerd-proxy-injector",
    "Deployment/linkerd-proxy-injector",
    "MutatingWebhookConfiguration/linkerd-proxy-injector-webhook-config",
  ]);
});

test.each(COMPONENTS)("%s satisfies the restricted pod security standard", (component) => {
  const { hostNetwork, initContainers = [], containers, volumes = [] } = specOf(component);
  expect(hostNetwork).toBeUndefined();
  for (const { securityContext } of [...initContainers, ...containers])
    expect(securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
  const kinds = volumes.flatMap((volume) => Object.keys(volume).filter((key) => key !== "name"));
  expect(kinds.every((kind) => /^(configMap|secret|projected|emptyDir)$/.test(kind))).toBe(true);
});

test.each(COMPONENTS)(
  "%s has a proxy that waits for nobody and holds no API token",
  (component) => {
    const { initContainers = [], containers } = specOf(component);
    expect(initContainers.map(({ name }) => name)).toEqual(["linkerd-proxy"]);
    const [proxy] = initContainers;
    expect(proxy).toMatchObject({ restartPolicy: "Always", args: ["proxy"] });
    expect(proxy?.startupProbe).toBeUndefined();
    expect(proxy?.volumeMounts?.map(({ name }) => name)).not.toContain("kube-api-access");
    expect(containers[0]?.volumeMounts?.map(({ name }) => name)).toContain("kube-api-access");
  },
);

test.each(COMPONENTS)("the proxy of %s reads its environment without an error", (component) => {
  const [proxy] = specOf(component).initContainers ?? [];
  const result = readConfig(variablesOf(proxy));
  if (result.type === "errors") throw new Error(result.errors.join("\n"));
  const { identity, destination, policy } = result.config;
  expect(identity.host).toBe(
    component === "identity" ? "localhost" : "linkerd-identity-headless.linkerd.svc.cluster.local",
  );
  const loopback = component === "destination";
  expect(destination.host).toBe(
    loopback ? "localhost" : "linkerd-dst-headless.linkerd.svc.cluster.local",
  );
  expect(policy.host).toBe(loopback ? "localhost" : "linkerd-policy.linkerd.svc.cluster.local");
  expect(identity.trustAnchorsPem).toBe(certificates.anchorsPem);
});

/** The variables as a kubelet would set them. */
function variablesOf(container: Container | undefined): Record<string, string> {
  const set: Record<string, string> = {};
  for (const { name, value, valueFrom } of container?.env ?? []) {
    const map = valueFrom?.configMapKeyRef;
    set[name] =
      value?.replaceAll(/\$\((\w+)\)/g, (_, key: string) => set[key] ?? "") ??
      (map === undefined
        ? fieldOf(valueFrom?.fieldRef?.fieldPath ?? "")
        : (find<ConfigMap>("ConfigMap", map.name ?? "").data?.[map.key] ?? ""));
  }
  return set;
}

/** A field of the pod: its addresses, or a word that tells it from others. */
const fieldOf = (path: string): string =>
  path === "status.podIPs" ? "10.1.0.1,fd00::1" : path.replace(/.*\./, "");

test("every Service leads to a port that a container of its pods has", () => {
  const services = objects.filter(({ kind }) => kind === "Service") as Service[];
  for (const { metadata, spec } of services) {
    const deployment = objects.find(
      (each) =>
        each.kind === "Deployment" &&
        Object.entries(spec?.selector ?? {}).every(
          ([key, value]) => (each as Deployment).spec?.template.metadata?.labels?.[key] === value,
        ),
    ) as Deployment | undefined;
    const ports = deployment?.spec?.template.spec?.containers.flatMap(({ ports: all }) =>
      (all ?? []).map(({ containerPort }) => containerPort),
    );
    expect([metadata?.name, ports]).toEqual([
      metadata?.name,
      expect.arrayContaining([spec?.ports?.[0]?.targetPort as number]),
    ]);
  }
});

test.each(COMPONENTS)("%s selects its own pods, and mounts what is there", (component) => {
  const deployment = find<Deployment>("Deployment", `linkerd-${component}`);
  const { selector, template } = deployment.spec ?? {};
  expect(template?.metadata?.labels).toMatchObject(selector?.matchLabels ?? {});
  const volumes = template?.spec?.volumes ?? [];
  const names = volumes.map(({ name }) => name);
  for (const { volumeMounts } of template?.spec?.containers ?? [])
    for (const { name } of volumeMounts ?? []) expect(names).toContain(name);
  for (const { configMap, secret } of volumes) {
    if (configMap !== undefined) find("ConfigMap", configMap.name ?? "");
    if (secret !== undefined) find("Secret", secret.secretName ?? "");
  }
});

test("INJ1, INJ5: the webhook looks at pods and Services, and not at the mesh's own", () => {
  const config = find<MutatingWebhookConfiguration>(
    "MutatingWebhookConfiguration",
    "linkerd-proxy-injector-webhook-config",
  );
  const [webhook] = config.webhooks ?? [];
  expect(webhook).toMatchObject({
    name: "linkerd-proxy-injector.linkerd.io",
    failurePolicy: "Ignore",
    sideEffects: "None",
    timeoutSeconds: 10,
    clientConfig: { service: { name: "linkerd-proxy-injector", namespace: "linkerd", path: "/" } },
    rules: [{ operations: ["CREATE"], resources: ["pods", "services"] }],
  });
  expect(Buffer.from(webhook?.clientConfig.caBundle ?? "", "base64").toString()).toBe(
    certificates.proxyInjector.caPem,
  );
});

test("only the identity service reviews tokens, and nobody reads Secrets", () => {
  const roles = objects.filter(({ kind }) => kind === "ClusterRole") as ClusterRole[];
  const holders = (resource: string): (string | undefined)[] =>
    roles
      .filter(({ rules }) => rules?.some(({ resources }) => resources?.includes(resource)))
      .map(({ metadata }) => metadata?.name);
  expect(holders("tokenreviews")).toEqual(["linkerd-linkerd-identity"]);
  expect([holders("secrets"), holders("*")]).toEqual([[], []]);
});

test("the issuer's Secret has the form of its scheme", () => {
  const text = (secret: Secret): Record<string, string> =>
    Object.fromEntries(
      Object.entries(secret.data ?? {}).map(([key, data]) => [
        key,
        Buffer.from(data, "base64").toString(),
      ]),
    );
  const { crtPem, keyPem } = certificates.issuer;
  expect(text(find<Secret>("Secret", "linkerd-identity-issuer"))).toEqual({
    "crt.pem": crtPem,
    "key.pem": keyPem,
  });
  const external = renderControlPlane(
    createValues("1.2.3", { identity: { issuer: { scheme: "kubernetes.io/tls" } } }),
    certificates,
  );
  const secret = find<Secret>("Secret", "linkerd-identity-issuer", external);
  expect(secret.type).toBe("kubernetes.io/tls");
  expect(text(secret)).toEqual({
    "tls.crt": crtPem,
    "tls.key": keyPem,
    "ca.crt": certificates.anchorsPem,
  });
});

test("linkerd-config holds the values again, and all objects are JSON", () => {
  const config = find<ConfigMap>("ConfigMap", "linkerd-config");
  const { cni: _, proxyInit: __, installGatewayAPI: ___, ...own } = values;
  expect(JSON.parse(config.data?.["values"] ?? "")).toEqual(own);
  expect(JSON.parse(JSON.stringify(objects))).toEqual(objects);
});

test("with --ha replicas stay apart, and are never all away at once", () => {
  const rendered = renderControlPlane(createValues("1.2.3", HA), certificates);
  for (const component of COMPONENTS) {
    const budget = component === "destination" ? "linkerd-dst" : `linkerd-${component}`;
    expect(find("PodDisruptionBudget", budget, rendered)).toMatchObject({
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: { "linkerd.io/control-plane-component": component } },
      },
    });
    expect(find<Deployment>("Deployment", `linkerd-${component}`, rendered)).toMatchObject({
      spec: {
        replicas: 3,
        template: {
          spec: {
            affinity: {
              podAntiAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [
                  { topologyKey: "kubernetes.io/hostname" },
                ],
              },
            },
            containers: [
              {
                resources: {
                  requests: { cpu: "100m", memory: "100Mi" },
                  limits: { memory: "500Mi" },
                },
              },
            ],
          },
        },
      },
    });
  }
});
