import { expect, test } from "bun:test";
import { fakeWorkload } from "../../test/fake/workload.ts";
import { ANY_NETWORK } from "./authorization.ts";
import { DEFAULT_POLICIES } from "./default-policy.ts";
import { type InboundObjects, type PolicyDefaults, portPolicy } from "./inbound-policy.ts";
import type { GrpcRoute } from "./route.ts";
import type { PortProtocol, Server } from "./server.ts";
import type { Workload } from "./workload.ts";

const defaults: PolicyDefaults = {
  defaultPolicy: "all-unauthenticated",
  clusterNetworks: ["10.0.0.0/8"],
  probeNetworks: ["0.0.0.0/0"],
};
const nothing: InboundObjects = {
  servers: [],
  serverAuthorizations: [],
  authorizationPolicies: [],
  httpRoutes: [],
  grpcRoutes: [],
  rateLimits: [],
  authentications: { meshTls: () => undefined, networks: () => undefined },
};
const server: Server = {
  ...{ name: "web", namespace: "shop", createdMs: 0, labels: {} },
  podSelector: [],
  externalWorkloadSelector: undefined,
  port: 80,
  protocol: "http1",
  accessPolicy: "deny",
  fault: undefined,
};
const policyOf = (workload: Partial<Workload>, port = 80, objects: Partial<InboundObjects> = {}) =>
  portPolicy(fakeWorkload(workload), port, { objects: { ...nothing, ...objects }, defaults });

test.each([
  ["all-unauthenticated", ["0.0.0.0/0", "::/0"], "unauthenticated"],
  ["all-authenticated", ["0.0.0.0/0", "::/0"], "identities"],
  ["cluster-unauthenticated", ["10.0.0.0/8"], "unauthenticated"],
  ["cluster-authenticated", ["10.0.0.0/8"], "identities"],
  ["audit", ["0.0.0.0/0", "::/0"], "unauthenticated"],
])("INB3, INB8: %s", (name, networks, type) => {
  const policy = policyOf({ defaultPolicy: name });
  expect(policy).toMatchObject({
    ref: { type: "default", name },
    authorizations: [{ networks: networks.map((cidr) => ({ cidr })), authentication: { type } }],
  });
});

test("INB2, INB3: deny allows nobody; what is not known leaves the cluster's default", () => {
  expect(policyOf({ defaultPolicy: "deny" }).authorizations).toEqual([]);
  expect(policyOf({ defaultPolicy: "x" }).ref.name).toBe("all-unauthenticated");
});

test("INB3, INB8: a port that requires identity allows nobody without, but audits as before", () => {
  const requireIdentity = [{ from: 80, to: 80 }];
  expect(policyOf({ defaultPolicy: "audit", requireIdentity })).toEqual(
    policyOf({ defaultPolicy: "audit" }),
  );
  for (const defaultPolicy of DEFAULT_POLICIES.filter((name) => name !== "audit")) {
    const { authorizations } = policyOf({ defaultPolicy, requireIdentity });
    for (const { authentication } of authorizations)
      expect(authentication).toEqual({ type: "identities", names: [], suffixes: [[]] });
    expect(authorizations).toHaveLength(defaultPolicy === "deny" ? 0 : 1);
  }
});

test("INB3, INB9: opaque ports have no routes, others a route for their probes alone", () => {
  const probes = new Map([
    [80, ["/ready?x=1", "live"]],
    [5432, ["/ready"]],
  ]);
  expect(policyOf({ probes }, 5432)).toMatchObject({ protocol: "opaque", httpRoutes: [] });
  const [probe, rest] = policyOf({ probes, defaultPolicy: "deny" }).httpRoutes;
  expect(probe?.rules[0]?.matches.map(({ path, method }) => [path?.value, method])).toEqual([
    ["/ready", "GET"],
    ["/live", "GET"],
  ]);
  expect(probe).toMatchObject({
    ref: { type: "default", name: "probe" },
    authorizations: [{ authentication: { type: "unauthenticated" } }],
  });
  expect(rest).toMatchObject({ ref: { name: "default" }, authorizations: [] });
  expect(policyOf({ probes }, 8081).httpRoutes).toEqual([]);
});

test("INB2: a Server decides alone, whatever the workload's default", () => {
  const policy = policyOf({ defaultPolicy: "all-unauthenticated" }, 80, { servers: [server] });
  expect(policy).toMatchObject({
    protocol: "http1",
    ref: { type: "object", group: "policy.linkerd.io", kind: "server", name: "web" },
    authorizations: [],
  });
  expect(policyOf({}, 81, { servers: [server] }).ref).toMatchObject({ type: "default" });
});

test("INB4: the access policy is added to what the Server's authorizations allow", () => {
  const authorization = {
    ...{ name: "all", namespace: "shop", createdMs: 0 },
    server: { name: "web", selector: undefined },
    clients: { networks: ANY_NETWORK, authentication: { type: "tls" } as const },
  };
  const open = { ...server, accessPolicy: "cluster-authenticated" } as const;
  const objects = { servers: [open], serverAuthorizations: [authorization] };
  expect(policyOf({}, 80, objects).authorizations.map(({ ref }) => ref.name)).toEqual([
    "cluster-authenticated",
    "all",
  ]);
  const odd = { ...objects, servers: [{ ...open, fault: "spec.x is not known" }] };
  expect(policyOf({}, 80, odd).authorizations).toEqual([]);
});

test("INB6, INB7: authorizations are of a fixed order: by kind, age and name", () => {
  const at = (name: string, createdMs: number) => ({ name, namespace: "shop", createdMs });
  const older = (name: string, createdMs: number) => ({
    ...at(name, createdMs),
    server: { name: "web", selector: undefined },
    clients: { networks: ANY_NETWORK, authentication: { type: "unauthenticated" } as const },
  });
  const policy = (name: string, createdMs: number, type: "server" | "namespace") => ({
    ...at(name, createdMs),
    target: { type, name: type === "server" ? "web" : "shop" },
    required: [],
  });
  const { authorizations } = policyOf({}, 80, {
    servers: [server],
    serverAuthorizations: [older("b", 2), older("a", 2), older("c", 1)],
    authorizationPolicies: [
      policy("f", 1, "namespace"),
      policy("e", 0, "server"),
      { ...policy("g", 0, "server"), target: { type: "server", name: "other" } },
    ],
  });
  expect(authorizations.map(({ ref }) => [ref.type === "object" && ref.kind, ref.name])).toEqual([
    ["serverauthorization", "c"],
    ["serverauthorization", "a"],
    ["serverauthorization", "b"],
    ["authorizationpolicy", "e"],
    ["authorizationpolicy", "f"],
  ]);
});

test("INB8: who is allowed by an authorization is not audited: that an audit allows everybody comes last", () => {
  const authorizations = [
    {
      name: "e",
      namespace: "shop",
      createdMs: 0,
      target: { type: "server", name: "web" },
      required: [],
    },
  ] as const;
  const named = (accessPolicy: "audit" | "all-authenticated"): string[] =>
    policyOf({}, 80, {
      servers: [{ ...server, accessPolicy }],
      authorizationPolicies: authorizations,
    }).authorizations.map(({ ref }) => ref.name);
  expect(named("audit")).toEqual(["e", "audit"]);
  expect(named("all-authenticated")).toEqual(["all-authenticated", "e"]);
});

test("INB11: of several rate limits of a Server the oldest counts", () => {
  const limit = (name: string, createdMs: number, of = "web") => ({
    ...{ name, namespace: "shop", createdMs, server: of },
    ...{ total: 1, identity: undefined, overrides: [] },
  });
  const rateLimits = [limit("b", 2), limit("a", 2), limit("c", 1, "other")];
  expect(policyOf({}, 80, { servers: [server], rateLimits }).rateLimit?.name).toBe("a");
});

test("INB10, INB12: HTTPRoutes of a Server that has a GRPCRoute are not in force, whatever it speaks", () => {
  const parents = [
    {
      ...{ group: "policy.linkerd.io", kind: "Server", name: "web", namespace: "shop" },
      ...{ port: undefined, section: undefined },
    },
  ];
  const at = { name: "r", namespace: "shop", createdMs: 0, hosts: [], rules: [], parents };
  const http = { ...at, kind: "HTTPRoute", group: "gateway.networking.k8s.io" } as const;
  const grpc = { ...http, kind: "GRPCRoute" } as const;
  const target = { type: "route", group: http.group, kind: "HTTPRoute", name: "r" } as const;
  const authorization = { name: "a", namespace: "shop", createdMs: 0, target, required: [] };
  const routesOf = (protocol: PortProtocol, ...grpcRoutes: GrpcRoute[]) => {
    const servers = [{ ...server, protocol }];
    const authorizationPolicies = [authorization];
    const objects = { servers, httpRoutes: [http], grpcRoutes, authorizationPolicies };
    return policyOf({}, 80, objects);
  };
  for (const protocol of ["detect", "http1", "http2"] as const) {
    expect(routesOf(protocol).httpRoutes).toMatchObject([{ authorizations: [{}] }]);
    expect(routesOf(protocol, grpc)).toMatchObject({ httpRoutes: [], authorizations: [] });
    expect(routesOf(protocol, { ...grpc, parents: [] }).httpRoutes).toHaveLength(1);
  }
  expect(routesOf("grpc", grpc)).toMatchObject({ httpRoutes: [], grpcRoutes: [{}] });
});
