import { expect, test } from "bun:test";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import type { NetworkPolicy } from "#lib/k8s/types/networking.ts";
import { createCertificates } from "./certificates.ts";
import { renderControlPlane } from "./control-plane.ts";
import { networkPolicy } from "./network-policy.ts";
import { createValues, type Overrides } from "./values.ts";

const INJECTOR = {
  component: "proxy-injector",
  args: [],
  ports: [{ name: "proxy-injector", port: 8443, webhook: true }],
  adminPort: 9995,
  volumes: [],
} as const;
const rulesOf = (overrides: Overrides) =>
  networkPolicy(INJECTOR, createValues("1", { networkPolicy: overrides as never })).spec?.ingress;
const ports = (...numbers: number[]) => numbers.map((port) => ({ port, protocol: "TCP" }));

test("L12: networkPolicy() lets everybody in on the pod's ports where no source is named", () => {
  expect(rulesOf({})).toEqual([
    { ports: ports(4143, 4190) },
    { ports: ports(4191, 9995) },
    { ports: ports(8443) },
  ]);
});

test("L12: networkPolicy() lets only those call webhooks and admin ports who are named", () => {
  expect(
    rulesOf({
      webhookSources: ["10.0.0.1/32"],
      adminSources: ["10.1.0.0/16", "fd00::/8"],
    } as never),
  ).toEqual([
    { ports: ports(4143, 4190) },
    {
      ports: ports(4191, 9995),
      from: [{ ipBlock: { cidr: "10.1.0.0/16" } }, { ipBlock: { cidr: "fd00::/8" } }],
    },
    { ports: ports(8443), from: [{ ipBlock: { cidr: "10.0.0.1/32" } }] },
  ]);
});

test("L12: each controller's policy selects its pods, and names every port that they have", () => {
  const values = createValues("1");
  const certificates = createCertificates({
    namespace: "linkerd",
    trustDomain: "cluster.local",
    nowMs: 0,
  });
  const objects = renderControlPlane(values, certificates);
  const deployments = objects.filter(({ kind }) => kind === "Deployment") as Deployment[];
  expect(deployments).toHaveLength(3);
  for (const { metadata, spec } of deployments) {
    const policy = objects.find(
      (each) => each.kind === "NetworkPolicy" && each.metadata?.name === metadata?.name,
    ) as NetworkPolicy;
    const pod = spec?.template;
    expect(pod?.metadata?.labels).toMatchObject(policy.spec?.podSelector?.matchLabels ?? {});
    const open = policy.spec?.ingress?.flatMap((rule) =>
      (rule.ports ?? []).map(({ port }) => port),
    );
    const served = [...(pod?.spec?.initContainers ?? []), ...(pod?.spec?.containers ?? [])]
      .flatMap((container) => container.ports ?? [])
      .map(({ containerPort }) => containerPort);
    expect(open?.toSorted()).toEqual([...served, 4190].toSorted() as never);
  }
  const none = createValues("1", { networkPolicy: { enabled: false } });
  expect(renderControlPlane(none, certificates).map(({ kind }) => kind)).not.toContain(
    "NetworkPolicy",
  );
});
