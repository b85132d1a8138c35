import { expect, test } from "bun:test";
import { ANY_NETWORK } from "./authorization.ts";
import { attachedRoutes, isAttached, probeRoute } from "./inbound-routes.ts";
import type { HttpRoute, RouteFilter } from "./route.ts";
import type { Server } from "./server.ts";

const server: Server = {
  ...{ name: "web", namespace: "shop", createdMs: 0, labels: {} },
  podSelector: [],
  externalWorkloadSelector: undefined,
  port: 80,
  protocol: "http1",
  accessPolicy: "deny",
  fault: undefined,
};
const parent = {
  ...{ group: "policy.linkerd.io", kind: "Server", name: "web", namespace: "shop" },
  ...{ port: undefined, section: undefined },
};
const route = (over: Partial<HttpRoute> = {}): HttpRoute => ({
  ...{ kind: "HTTPRoute", group: "policy.linkerd.io", name: "reads", namespace: "shop" },
  ...{ createdMs: 0, parents: [parent], hosts: [], rules: [] },
  ...over,
});
const nothing = {
  authorizationPolicies: [],
  authentications: { meshTls: () => undefined, networks: () => undefined },
};
const rule = (filters: readonly RouteFilter[], fault?: string) => ({
  ...{ matches: [], filters, backends: [], fault },
  timeouts: { requestMs: undefined, backendRequestMs: undefined },
});

test("INB10: a route is attached to Servers of its namespace, to no port or section of them", () => {
  expect(isAttached(route(), server)).toBe(true);
  for (const other of [
    { namespace: "other" },
    { group: "" },
    { kind: "Service" },
    { port: 80 },
    { section: "http" },
    { name: "db" },
  ])
    expect(isAttached(route({ parents: [{ ...parent, ...other }] }), server)).toBe(false);
});

test("INB6, INB10: attached routes are sorted by age, each with the authorizations that are about it", () => {
  const policy = (group: string, name: string) => ({
    ...{ name: `p-${group}-${name}`, namespace: "shop", createdMs: 0 },
    target: { type: "route", group, kind: "HTTPRoute", name } as const,
    required: [],
  });
  const authorizationPolicies = [
    policy("policy.linkerd.io", "reads"),
    policy("gateway.networking.k8s.io", "reads"),
    policy("policy.linkerd.io", "other"),
  ];
  const routes = attachedRoutes([route({ createdMs: 2 }), route({ name: "old" })], {
    server,
    objects: { ...nothing, authorizationPolicies },
  });
  expect(routes.map(({ ref, authorizations }) => [ref.name, authorizations.length])).toEqual([
    ["old", 0],
    ["reads", 1],
  ]);
  expect(routes[1]?.authorizations[0]?.networks).toEqual(ANY_NETWORK);
});

test("a rule that is not known whole refuses what it takes, so that nothing falls to a rule that allows more", () => {
  const modifier = { add: [], set: [], remove: ["a"] };
  const requests = { type: "request-headers", modifier } as const;
  const responses = { type: "response-headers", modifier } as const;
  const rules = [rule([requests]), rule([requests], "odd"), rule([requests, responses])];
  const [attached] = attachedRoutes([route({ rules })], { server, objects: nothing });
  expect(attached?.rules.map(({ filters }) => filters)).toEqual([
    [requests],
    [{ type: "refuse", message: "odd" }],
    [{ type: "refuse", message: "responses of inbound routes are not changed" }],
  ]);
});

test("INB9: probeRoute() is nothing without paths, or without networks that probes come from", () => {
  expect(probeRoute([], ["0.0.0.0/0"])).toBeUndefined();
  expect(probeRoute(["/ready"], [])).toBeUndefined();
  expect(probeRoute(["/ready"], ["10.0.0.0/8"])?.map(({ ref }) => ref.name)).toEqual([
    "probe",
    "default",
  ]);
});
