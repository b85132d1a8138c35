import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createServingCertificate } from "#lib/k8s/certified-key.ts";
import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NAMESPACES,
  PODS,
  SECRETS,
  SERVICE_ACCOUNTS,
} from "#lib/k8s/resource.ts";
import type { MutatingWebhookConfiguration } from "#lib/k8s/types/admission.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { isAllowed } from "#lib/kube-api/rbac.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { serveWebhook, type WebhookServer } from "../../controller/injector/server.ts";
import { createCertificates } from "../../deploy/certificates.ts";
import { renderCni } from "../../deploy/cni.ts";
import { renderControlPlane } from "../../deploy/control-plane.ts";
import { createValues, HA, type Overrides } from "../../deploy/values.ts";
import { applyAll } from "../../dev/apply.ts";
import { codeOf, FakeKubeApi, logger } from "../fake/kube-api.ts";
import { fakeReview } from "../fake/review.ts";
import { fakeValues } from "../fake/values.ts";

const certificates = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs: 0,
});
const rendered = (overrides: Overrides) => {
  const values = createValues("1.2.3", overrides);
  return [...renderControlPlane(values, certificates), ...renderCni(values)];
};
const isWebhook = (object: object): object is MutatingWebhookConfiguration =>
  (object as { kind?: string }).kind === "MutatingWebhookConfiguration";
const pod = (namespace: string, name: string, labels: Record<string, string> = {}): Pod => ({
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: "app", image: "app" }] },
});

const PRIVATE = "what-nobody-may-learn";
const dir = mkdtempSync(`${tmpdir()}/callers-`);
const serving = createServingCertificate("localhost", Date.now());
let kube: FakeKubeApi;
let server: WebhookServer;

beforeAll(async () => {
  kube = await FakeKubeApi.start();
  await applyAll(
    kube.admin,
    rendered({}).filter(({ kind }) => kind === "Namespace"),
  );
  for (const namespace of ["kube-system", "linkerd", "linkerd-cni"])
    await kube.admin.create(SERVICE_ACCOUNTS, { metadata: { name: "default", namespace } });
  await kube.admin.create(NAMESPACES, {
    metadata: {
      name: "shop",
      annotations: { "linkerd.io/inject": "enabled", "shop.example/note": PRIVATE },
    },
  });
  await kube.admin.create(SECRETS, {
    metadata: { name: "token", namespace: "shop" },
    data: { token: btoa(PRIVATE) },
  });
  const files = {
    values: `${dir}/values`,
    anchors: `${dir}/anchors`,
    crt: `${dir}/crt`,
    key: `${dir}/key`,
  };
  writeFileSync(files.values, JSON.stringify(fakeValues()));
  writeFileSync(files.anchors, serving.caPem);
  writeFileSync(files.crt, serving.crtPem);
  writeFileSync(files.key, serving.keyPem);
  server = await serveWebhook({
    ...{ addr: { ip: "127.0.0.1", port: 0 }, files, client: kube.admin, clock: systemClock },
    ...{ random: Math.random, log: logger, onReviewed: () => undefined },
    onFault: (error) => {
      throw error;
    },
  });
});
afterAll(async () => {
  await server.stop();
  kube.stop();
  rmSync(dir, { recursive: true });
});

test.each([
  ["without --ha pods start without a proxy, as docs/high-availability.md says", {}, "none"],
  ["with --ha pods are refused", HA, "server"],
] as const)("G11: while nobody serves the webhook, %s", async (_, overrides, outcome) => {
  const [webhook, ...others] = rendered(overrides).filter(isWebhook);
  expect([webhook?.webhooks?.[0]?.timeoutSeconds, others]).toEqual([10, []]);
  if (webhook === undefined) return;
  // Its Service has no endpoints: to the API server it is away.
  await kube.admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, webhook);
  try {
    const attempt = (namespace: string, labels = {}): Promise<string> =>
      codeOf(kube.admin.create(PODS, pod(namespace, `p-${crypto.randomUUID()}`, labels)));
    expect(await attempt("mesh")).toBe(outcome);
    // What brings it back, and what the cluster itself needs, is never held up by it.
    expect(await attempt("kube-system")).toBe("none");
    for (const [namespace, component] of [
      ["linkerd", { "linkerd.io/control-plane-component": "proxy-injector" }],
      ["linkerd-cni", { "linkerd.io/cni-resource": "true" }],
    ] as const)
      expect([namespace, await attempt(namespace, component)]).toEqual([namespace, "none"]);
  } finally {
    await kube.admin.delete(MUTATING_WEBHOOK_CONFIGURATIONS, {
      name: webhook.metadata?.name ?? "",
    });
  }
});

test("G14: whoever calls the webhook learns nothing but what becomes of the pod that it sent, and changes nothing", async () => {
  const before = kube.api.store.version;
  const review = (namespace: string): string =>
    JSON.stringify(fakeReview({ namespace, object: pod(namespace, "mine") }));
  const said: string[] = [];
  for (const [method, path, body] of [
    ["POST", "/", review("shop")],
    ["POST", "/", review("kube-system")],
    ["POST", "/", review("../secrets")],
    ["POST", "/", "{}"],
    ["GET", "/", undefined],
    ["GET", "/metrics", undefined],
    ["GET", "/var/run/linkerd/tls/tls.key", undefined],
    ["DELETE", "/api/v1/namespaces/shop", undefined],
  ] as const) {
    const answer = await fetch(`https://localhost:${server.port}${path}`, {
      method,
      ...(body !== undefined && { body }),
      tls: { ca: serving.caPem },
    } as RequestInit);
    const text = await answer.text();
    const { response } = text.startsWith("{")
      ? (JSON.parse(text) as { response?: { patch?: string } })
      : { response: undefined };
    said.push(text, atob(response?.patch ?? ""));
  }
  expect(said.join("\n")).toContain("linkerd-proxy");
  expect(said.join("\n")).not.toContain(PRIVATE);
  expect(said.join("\n")).not.toContain("PRIVATE KEY");
  expect(kube.api.store.version).toBe(before);
});

test("G14: its port takes connections from the networks that are named only", () => {
  const policies = rendered({ networkPolicy: { webhookSources: ["192.0.2.0/24"] } }).filter(
    ({ kind, metadata }) => kind === "NetworkPolicy" && metadata?.name === "linkerd-proxy-injector",
  ) as unknown as { spec: { ingress: { ports: { port: number }[]; from?: unknown }[] } }[];
  const rules = policies.flatMap(({ spec }) => spec.ingress);
  const open = rules.filter(({ ports }) => ports.some(({ port }) => port === 8443));
  expect(open.map(({ from }) => from)).toEqual([[{ ipBlock: { cidr: "192.0.2.0/24" } }]]);
});

test("G20: nobody whom the mesh brings along may relabel a namespace, or take its webhook away", async () => {
  const RBAC = /^(Cluster)?Role(Binding)?$/;
  await applyAll(
    kube.admin,
    rendered(HA).filter(({ kind = "" }) => RBAC.test(kind)),
  );
  const ACCOUNTS = ["linkerd-identity", "linkerd-destination", "linkerd-proxy-injector"];
  for (const [namespace, account] of [
    ...ACCOUNTS.map((each) => ["linkerd", each] as const),
    ["linkerd-cni", "linkerd-cni"],
  ] as const)
    for (const [group, resource, name, verbs] of [
      ["", "namespaces", "shop", ["update", "patch", "delete", "create"]],
      [
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        "linkerd-proxy-injector-webhook-config",
        ["delete", "create"],
      ],
    ] as const)
      for (const verb of verbs) {
        const user = {
          username: `system:serviceaccount:${namespace}:${account}`,
          groups: ["system:serviceaccounts", "system:authenticated"],
        };
        const asked = { verb, group, resource, subresource: "", namespace: "", name };
        expect([account, verb, resource, isAllowed(kube.api.store, user, asked)]).toEqual([
          ...[account, verb, resource],
          false,
        ]);
      }
});

test("G20: relabelling keeps no pod out but by the one label that is meant to", async () => {
  const [webhook] = rendered({}).filter(isWebhook);
  const keys = webhook?.webhooks?.[0]?.namespaceSelector?.matchExpressions?.map(
    ({ key, operator, values }) => `${key} ${operator} ${values?.join()}`,
  );
  // The second one is the API server's own, which nobody can change.
  expect(keys).toEqual([
    "config.linkerd.io/admission-webhooks NotIn disabled",
    "kubernetes.io/metadata.name NotIn kube-system,cert-manager",
  ]);
});
