import { expect, test } from "bun:test";
import { DEFAULT_POLICIES } from "../core/default-policy.ts";
import { toRateLimit, toServer } from "./servers.ts";

const metadata = {
  ...{ name: "web", namespace: "shop", labels: { tier: "front" } },
  creationTimestamp: "1970-01-01T00:00:02Z",
};
const domain = { controlPlaneNamespace: "linkerd", trustDomain: "cluster.local" };

function read(spec: unknown) {
  const faults: string[] = [];
  return { ...toServer({ metadata, spec }, { faults, domain }), faults };
}

test("INB2: toServer() reads selectors, ports by number and name, and protocols", () => {
  const matchLabels = { app: "web" };
  const matchExpressions = [{ key: "v", operator: "NotIn", values: ["1"] }];
  const server = read({ podSelector: { matchLabels, matchExpressions }, port: 80 });
  expect(server).toMatchObject({
    ...{ name: "web", namespace: "shop", createdMs: 2000, labels: { tier: "front" } },
    podSelector: [
      { key: "app", operator: "in", values: ["web"] },
      { key: "v", operator: "not-in", values: ["1"] },
    ],
    externalWorkloadSelector: undefined,
    ...{ port: 80, protocol: "detect", accessPolicy: "deny", fault: undefined, faults: [] },
  });
  const external = read({ externalWorkloadSelector: {}, port: "http", proxyProtocol: "gRPC" });
  expect(external).toMatchObject({
    ...{ podSelector: undefined, externalWorkloadSelector: [], port: "http", protocol: "grpc" },
  });
  expect(read({ podSelector: {}, port: "8080" }).port).toBe(8080);
  const protocols = ["unknown", "HTTP/1", "HTTP/2", "gRPC", "opaque", "TLS"].map(
    (proxyProtocol) => read({ podSelector: {}, port: 1, proxyProtocol }).protocol,
  );
  expect(protocols).toEqual(["detect", "http1", "http2", "grpc", "opaque", "tls"]);
});

test("INB4: toServer() reads every access policy", () => {
  for (const accessPolicy of DEFAULT_POLICIES)
    expect(read({ podSelector: {}, port: 1, accessPolicy })).toMatchObject({
      accessPolicy,
      fault: undefined,
    });
});

test.each([
  ["an access policy", { accessPolicy: "allow" }],
  ["a protocol", { proxyProtocol: "HTTP/3" }],
  ["a field", { clients: [] }],
  ["a port", { port: {} }],
  ["a selector", { podSelector: [] }],
  ["labels", { podSelector: { matchLabels: { app: 1 } } }],
  ["an operator", { podSelector: { matchExpressions: [{ key: "a", operator: "Like" }] } }],
  ["no operator", { podSelector: { matchExpressions: [{ key: "a" }] } }],
  ["a selector's field", { podSelector: { matchFields: {} } }],
])("toServer() names a fault where %s is not known, and denies", (_, over) => {
  const server = read({ podSelector: {}, port: 80, ...over });
  expect(server.faults).not.toEqual([]);
  expect(server).toMatchObject({ fault: server.faults[0] as string, accessPolicy: "deny" });
  // What it may select it still does.
  expect(server.podSelector).toEqual([]);
});

test("toServer() survives anything", () => {
  for (const spec of [undefined, null, 7, "x", [], { podSelector: null, port: null }])
    expect(read(spec)).toMatchObject({ podSelector: undefined, port: undefined });
});

function readLimit(spec: unknown) {
  const faults: string[] = [];
  return { ...toRateLimit({ metadata, spec }, { faults, domain }), faults };
}
const targetRef = { group: "policy.linkerd.io", kind: "Server", name: "web" };

test("INB11: toRateLimit() reads limits and the identities of overrides", () => {
  const clientRefs = [
    { kind: "ServiceAccount", name: "a" },
    { kind: "ServiceAccount", name: "b", namespace: "other" },
  ];
  const limit = readLimit({
    targetRef,
    total: { requestsPerSecond: 100 },
    identity: { requestsPerSecond: 10 },
    overrides: [{ requestsPerSecond: 50, clientRefs }],
  });
  expect(limit).toMatchObject({
    ...{ server: "web", total: 100, identity: 10, faults: [] },
    overrides: [
      {
        requestsPerSecond: 50,
        identities: [
          "a.shop.serviceaccount.identity.linkerd.cluster.local",
          "b.other.serviceaccount.identity.linkerd.cluster.local",
        ],
      },
    ],
  });
});

test("toRateLimit() leaves out what it cannot read, and keeps the rest", () => {
  const overrides = [
    { requestsPerSecond: 0, clientRefs: [] },
    { requestsPerSecond: 5, clientRefs: [{ kind: "Namespace", name: "x" }] },
  ];
  const limit = readLimit({ targetRef, total: { requestsPerSecond: "1" }, overrides });
  expect(limit).toMatchObject({ server: "web", total: undefined, identity: undefined });
  expect(limit.overrides).toEqual([{ requestsPerSecond: 5, identities: [] }]);
  expect(limit.faults).toHaveLength(3);
  expect(readLimit({ targetRef: { ...targetRef, kind: "HTTPRoute" } }).server).toBeUndefined();
  expect(readLimit(undefined)).toMatchObject({ server: undefined, overrides: [] });
});
