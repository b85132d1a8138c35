/** The roles destination and identity, asked by our proxy's own clients. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { EXTERNAL_WORKLOADS, LINKERD_HTTP_ROUTES, PODS, SERVICES } from "#lib/k8s/resource.ts";
import { certify } from "../../proxy/control/certify.ts";
import { workloadKey } from "../../proxy/identity/key.ts";
import type { ClientPolicy, EndpointUpdate } from "../../proxy/policy/client-policy.ts";
import type { ServerPolicy } from "../../proxy/policy/server-policy.ts";
import { FakeControllers } from "../fake/controllers.ts";
import { applied, Seen, same } from "../fake/seen.ts";

const PATH = "web.mesh.svc.cluster.local:80";

let plane: FakeControllers;

beforeAll(async () => {
  plane = await FakeControllers.start();
  await plane.addPod("web-1", "10.1.0.1");
  await plane.addPod("web-2", "10.1.0.2");
});
afterAll(async () => {
  await plane.stop();
  expect(plane.faults).toEqual([]);
});

test("DST2 to DST8: Get gives endpoints with identity and hint, then what is added and removed", async () => {
  await plane.setEndpoints({ "web-1": "10.1.0.1" });
  const seen = new Seen<EndpointUpdate>();
  const watch = plane.discovery("client").watchEndpoints(PATH, seen.push);
  await seen.until("web-1", (all) => same(applied(all), ["10.1.0.1"]));
  expect(seen.values.at(-1)).toMatchObject({
    type: "set",
    endpoints: [
      {
        addr: { ip: "10.1.0.1", port: 8080 },
        identity: { name: "web.mesh.serviceaccount.identity.linkerd.cluster.local" },
        hint: "h2",
        directPort: 4143,
        labels: { pod: "web-1", service: "web", namespace: "mesh", serviceaccount: "web" },
      },
    ],
  });
  await plane.setEndpoints({ "web-2": "10.1.0.2" });
  await seen.until("web-2 alone", (all) => same(applied(all), ["10.1.0.2"]));
  await plane.setEndpoints({});
  await seen.until("nobody", (all) => (all.at(-1)?.type === "no-endpoints" ? true : undefined));
  watch.cancel();
});

test("DST1: a Service that is not there has no endpoints, and is asked for again until it is", async () => {
  const seen = new Seen<EndpointUpdate>();
  const watch = plane
    .discovery("client")
    .watchEndpoints("late.mesh.svc.cluster.local:80", seen.push);
  await plane.kube.admin.create(SERVICES, {
    metadata: { name: "late", namespace: "mesh" },
    spec: { ports: [{ port: 80 }] },
  });
  await seen.until("an answer", (all) => all[0]);
  expect(seen.values[0]).toEqual({ type: "no-endpoints", exists: true });
  watch.cancel();
});

test("OUT5, DST15: the policy of a Service is a balancer over it; a pod's own address is forwarded to", async () => {
  const seen = new Seen<ClientPolicy>();
  const discovery = plane.discovery("client");
  const watches = [
    discovery.watchPolicy({ ip: "10.96.0.77", port: 80 }, seen.push),
    discovery.watchPolicy({ ip: "10.1.0.1", port: 8080 }, seen.push),
    discovery.watchPolicy({ ip: "10.96.0.77", port: 81 }, seen.push),
  ];
  const service = await seen.until("the Service's policy", (all) =>
    all.find(({ metadata, protocol }) => metadata.name === "web" && protocol.type === "detect"),
  );
  expect(service.metadata).toMatchObject({ kind: "Service", namespace: "mesh", port: 80 });
  const routes = service.protocol.type === "detect" ? service.protocol.http1 : [];
  expect(routes[0]?.rules[0]?.distribution.choices[0]?.backend.target).toMatchObject({
    type: "balancer",
    path: PATH,
  });
  const pod = await seen.until("the pod's policy", (all) =>
    all.find(({ metadata }) => metadata.name === "egress-fallback" || metadata.kind === "default"),
  );
  expect(JSON.stringify(pod)).toContain("web.mesh.serviceaccount.identity.linkerd.cluster.local");
  await seen.until("a port that is not defined", (all) =>
    all.find(
      ({ protocol }) => protocol.type === "opaque" && protocol.routes[0]?.refusal === "forbidden",
    ),
  );
  for (const watch of watches) watch.cancel();
});

test("OUT1, OUT6: a route that is made, changed and deleted is told", async () => {
  const seen = new Seen<ClientPolicy>();
  const watch = plane.discovery("client").watchPolicy({ ip: "10.96.0.77", port: 80 }, seen.push);
  const names = ({ protocol }: ClientPolicy): string =>
    protocol.type === "detect" ? protocol.http1.map(({ metadata }) => metadata.name).join() : "";
  const told = (what: string) =>
    seen.until(what, (all) => (all.slice(-1).map(names)[0] === what ? true : undefined));
  await told("http");
  const parentRefs = [{ group: "core", kind: "Service", name: "web", port: 80 }];
  await plane.kube.admin.create(LINKERD_HTTP_ROUTES, {
    metadata: { name: "canary", namespace: "mesh" },
    spec: { parentRefs, rules: [{ backendRefs: [{ name: "web", port: 80, weight: 3 }] }] },
  });
  await told("canary");
  await plane.kube.admin.delete(LINKERD_HTTP_ROUTES, { name: "canary", namespace: "mesh" });
  await told("http");
  watch.cancel();
});

test("DST3, DST7, DST8: a workload outside of the cluster becomes an endpoint of the Services that select it", async () => {
  const { admin } = plane.kube;
  await admin.create(SERVICES, {
    metadata: { name: "legacy", namespace: "mesh" },
    spec: { selector: { app: "legacy" }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
  });
  const seen = new Seen<EndpointUpdate>();
  const watch = plane
    .discovery("client")
    .watchEndpoints("legacy.mesh.svc.cluster.local:80", seen.push);
  const metadata = { name: "vm-1", namespace: "mesh", labels: { app: "legacy" } };
  await admin.create(EXTERNAL_WORKLOADS, {
    metadata,
    spec: {
      meshTLS: { identity: "vm.example", serverName: "vm.example" },
      workloadIPs: [{ ip: "192.0.2.9" }],
      ports: [{ name: "http", port: 8080 }],
    },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  });
  const body = { status: { conditions: [{ type: "Ready", status: "True" }] } };
  await admin.patch(EXTERNAL_WORKLOADS, metadata, { type: "merge", body, subresource: "status" });
  await seen.until("the workload", (all) => same(applied(all), ["192.0.2.9"]));
  expect(JSON.stringify(seen.values)).toContain('"external_workload":"vm-1"');
  await admin.delete(EXTERNAL_WORKLOADS, metadata);
  await seen.until("nobody", (all) => (all.at(-1)?.type === "no-endpoints" ? true : undefined));
  watch.cancel();
});

test("INB3: a pod's annotation decides who may call, and its change is told", async () => {
  await plane.addPod("guarded", "10.1.0.9", {
    "config.linkerd.io/default-inbound-policy": "all-authenticated",
  });
  const seen = new Seen<ServerPolicy>();
  const watch = plane.discovery("guarded").watchPort(8080, seen.push);
  const first = await seen.until("a policy", (all) => all[0]);
  expect(first).toMatchObject({
    protocol: { type: "detect", timeoutMs: 10_000 },
    labels: { group: "", kind: "default", name: "all-authenticated" },
  });
  // What the proxy itself allows to loopback has another name.
  expect(
    first.authorizations.filter(({ labels }) => labels.name === "all-authenticated"),
  ).toMatchObject([{ authentication: { type: "identities", suffixes: [""] } }]);
  await plane.kube.admin.patch(
    PODS,
    { name: "guarded", namespace: "mesh" },
    {
      type: "merge",
      body: { metadata: { annotations: { "config.linkerd.io/default-inbound-policy": "deny" } } },
    },
  );
  await seen.until("deny", (all) => (all.at(-1)?.labels.name === "deny" ? true : undefined));
  const allowed = seen.values.at(-1)?.authorizations.map(({ labels }) => labels.name);
  expect(allowed).not.toContain("all-authenticated");
  watch.cancel();
});

test("IDY1 to IDY6: Certify waits for the issuer, then signs for the token's account and nobody else", async () => {
  const name = "web.mesh.serviceaccount.identity.linkerd.cluster.local";
  const key = await workloadKey(`${plane.dir}/web`, name);
  const ask = async (localName: string, audience: string): Promise<number | string> => {
    const token = new TextEncoder().encode(await plane.token(audience));
    const certified = await certify({
      channel: plane.channel(plane.identity.port),
      localName,
      key,
      bundle: () => readTrustBundle(plane.authority.anchorsPem),
      readToken: async () => token,
      wallMs: () => Date.now(),
    }).catch((error: unknown) => error);
    if (certified instanceof Error) return certified.message;
    return (certified as { expiresMs: number }).expiresMs - Date.now();
  };
  expect(await ask(name, "identity.l5d.io")).toBe("issuer is not loaded yet");
  plane.giveIssuer();
  await plane.identity.ready;
  const lifetimeMs = await ask(name, "identity.l5d.io");
  expect(lifetimeMs).toBeGreaterThan(70_000);
  expect(lifetimeMs).toBeLessThanOrEqual(80_000);
  expect(await ask(name, "https://elsewhere")).toContain("token is not valid");
  expect(
    await ask("other.mesh.serviceaccount.identity.linkerd.cluster.local", "identity.l5d.io"),
  ).toContain("must have exactly the DNS name");
});

test("CPM1: who follows endpoints and profiles is counted, and how old news were", async () => {
  await plane.setEndpoints({ "web-1": "10.1.0.1" });
  const discovery = plane.discovery("client");
  const [endpoints, profiles] = [new Seen<EndpointUpdate>(), new Seen<unknown>()];
  const watches = [
    discovery.watchEndpoints(PATH, endpoints.push),
    discovery.watchProfile({ host: "web.mesh.svc.cluster.local", port: 80 }, profiles.push),
  ];
  await endpoints.until("an answer", (all) => all[0]);
  await profiles.until("an answer", (all) => all[0]);
  const page = await fetch(`http://127.0.0.1:${plane.destination.adminPort}/metrics`);
  const told = await page.text();
  expect(told).toMatch(/\nendpoints_subscribers\{cluster="local",namespace="mesh",service="web",/);
  expect(told).toContain('\nservice_subscribers{namespace="mesh",name="web"} 1\n');
  expect(told).toContain(
    '\nprofile_subscribers{namespace="mesh",profile="web.mesh.svc.cluster.local"} 1\n',
  );
  expect(told).toMatch(/\npods_informer_lag_seconds_count [1-9]/);
  for (const watch of watches) watch.cancel();
});
