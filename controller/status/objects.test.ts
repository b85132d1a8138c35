import { expect, test } from "bun:test";
import { routeTo, StatusWorld } from "../../test/fake/status-world.ts";

const limitOf = (server: string): object => ({
  targetRef: { group: "policy.linkerd.io", kind: "Server", name: server },
  total: { requestsPerSecond: 1 },
});
const networks = (cidr: string): object => ({ trafficPolicy: "Allow", networks: [{ cidr }] });
const egressParent = (name: string): object => ({
  parentRefs: [{ group: "policy.linkerd.io", kind: "EgressNetwork", name, port: 80 }],
  rules: [{}],
});

/** Takes what the last change concerned. */
const taken = (world: StatusWorld): string[] => [...new Set(world.concerned.splice(0))].sort();

test("INB12: a change concerns the objects whose status depends on it, and no others", () => {
  const world = new StatusWorld();
  world.putService("web");
  world.put("httpRoutes", "a", routeTo("web", "backend"));
  world.put("tcpRoutes", "b", routeTo("other"));
  expect(taken(world)).toEqual(["httpRoutes/shop/a", "tcpRoutes/shop/b"]);
  world.put("grpcRoutes", "c", routeTo("web"));
  expect(taken(world)).toEqual(["grpcRoutes/shop/c", "httpRoutes/shop/a"]);
  world.putService("backend");
  expect(taken(world)).toEqual(["httpRoutes/shop/a"]);
  world.putService("backend", { selector: { app: "x" } });
  expect(taken(world)).toEqual([]);
  world.from.services.drop({ name: "backend", namespace: "shop" });
  expect(taken(world)).toEqual(["httpRoutes/shop/a"]);
  world.setStatus("httpRoutes", "a", { parents: [] });
  expect(taken(world)).toEqual(["httpRoutes/shop/a"]);
  world.from.grpcRoutes.drop({ name: "c", namespace: "shop" });
  expect(taken(world)).toEqual(["grpcRoutes/shop/c", "httpRoutes/shop/a"]);
  expect([...world.objects.all()].sort()).toEqual(["httpRoutes/shop/a", "tcpRoutes/shop/b"]);
});

test("OUT2, INB12: which ports of a Service are opaque concerns its routes, also where its namespace says so", () => {
  const world = new StatusWorld();
  world.putService("web");
  world.put("httpRoutes", "h", routeTo("web"));
  world.put("tcpRoutes", "t", routeTo("web"));
  expect(conditionsOf(world, "tcpRoutes/shop/t")?.[0]).toBe("RouteReasonConflicted");
  taken(world);
  const annotations = { "config.linkerd.io/opaque-ports": "80" };
  world.from.namespaces.put({ metadata: { name: "shop", annotations } });
  world.from.namespaces.put({ metadata: { name: "other", annotations } });
  expect(taken(world)).toEqual(["httpRoutes/shop/h", "tcpRoutes/shop/t"]);
  expect(conditionsOf(world, "tcpRoutes/shop/t")?.[0]).toBe("Accepted");
  expect(conditionsOf(world, "httpRoutes/shop/h")?.[0]).toBe("RouteReasonConflicted");
  world.from.namespaces.put({ metadata: { name: "shop", annotations, labels: { a: "b" } } });
  expect(taken(world)).toEqual([]);
});

test("INB12: Servers and EgressNetworks concern what is attached to them", () => {
  const world = new StatusWorld();
  world.put("rateLimits", "l", limitOf("web"));
  world.put("httpRoutes", "r", egressParent("young"));
  taken(world);
  world.put("servers", "web", {});
  expect(taken(world)).toEqual(["rateLimits/shop/l"]);
  world.put("servers", "web", { port: 1 });
  expect(taken(world)).toEqual([]);
  world.put("egressNetworks", "young", networks("192.0.2.0/24"));
  expect(taken(world)).toEqual(["egressNetworks/shop/young", "httpRoutes/shop/r"]);
  const older = { creationTimestamp: "2025-01-01T00:00:00Z" };
  world.put("egressNetworks", "old", networks("192.0.2.0/24"), older);
  expect(taken(world)).toEqual([
    ...["egressNetworks/shop/old", "egressNetworks/shop/young", "httpRoutes/shop/r"],
  ]);
  world.from.egressNetworks.drop({ name: "old", namespace: "shop" });
  expect(taken(world)).toContain("httpRoutes/shop/r");
  world.objects.stop();
  world.put("httpRoutes", "r", egressParent("old"));
  expect(taken(world)).toEqual([]);
});

const conditionsOf = (world: StatusWorld, id: Parameters<StatusWorld["objects"]["decide"]>[0]) => {
  const { conditions, parents } = (world.objects.decide(id, 0)?.status ?? {}) as {
    conditions?: { reason: string }[];
    parents?: { conditions: { reason: string }[] }[];
  };
  const all = conditions ?? parents?.flatMap((each) => each.conditions);
  return all?.map(({ reason }) => reason);
};

test("INB12: decide() says what each kind's status must become, of the version that it replaces", () => {
  const world = new StatusWorld();
  world.putService("web");
  world.put("servers", "web", {});
  world.put("linkerdHttpRoutes", "a", routeTo("web"));
  world.put("grpcRoutes", "g", routeTo("web", "missing"));
  world.put("tlsRoutes", "t", routeTo("web"));
  world.put("rateLimits", "b", limitOf("web"));
  world.put("rateLimits", "a", limitOf("web"));
  world.put("rateLimits", "none", limitOf("missing"));
  expect(conditionsOf(world, "linkerdHttpRoutes/shop/a")).toEqual([
    ...["RouteReasonConflicted", "ResolvedRefs"],
  ]);
  expect(conditionsOf(world, "grpcRoutes/shop/g")).toEqual(["Accepted", "BackendNotFound"]);
  expect(conditionsOf(world, "tlsRoutes/shop/t")).toEqual([
    ...["RouteReasonConflicted", "ResolvedRefs"],
  ]);
  expect(conditionsOf(world, "rateLimits/shop/a")).toEqual(["Accepted"]);
  expect(conditionsOf(world, "rateLimits/shop/b")).toEqual(["RateLimitReasonAlreadyExists"]);
  expect(conditionsOf(world, "rateLimits/shop/none")).toEqual(["NoMatchingTarget"]);
  expect(world.objects.decide("rateLimits/shop/a", 0)).toMatchObject({
    ...{ resource: { plural: "httplocalratelimitpolicies" }, resourceVersion: "7" },
    name: { name: "a", namespace: "shop" },
    status: { targetRef: { group: "policy.linkerd.io", kind: "Server", name: "web" } },
  });
  expect(world.objects.decide("rateLimits/shop/gone", 0)).toBeUndefined();
});

test("INB12, OUT10: an EgressNetwork that is not accepted is no parent", () => {
  const world = new StatusWorld();
  world.put("egressNetworks", "inside", networks("10.1.0.0/16"));
  world.put("egressNetworks", "outside", networks("192.0.2.0/24"));
  world.put("tcpRoutes", "i", egressParent("inside"));
  world.put("tcpRoutes", "o", egressParent("outside"));
  world.put("tcpRoutes", "m", egressParent("missing"));
  expect(conditionsOf(world, "egressNetworks/shop/inside")).toEqual(["EgressReasonNetworkOverlap"]);
  expect(conditionsOf(world, "egressNetworks/shop/outside")).toEqual(["Accepted"]);
  expect(conditionsOf(world, "tcpRoutes/shop/i")).toEqual(["NoMatchingParent", "ResolvedRefs"]);
  expect(conditionsOf(world, "tcpRoutes/shop/m")).toEqual(["NoMatchingParent", "ResolvedRefs"]);
  expect(conditionsOf(world, "tcpRoutes/shop/o")).toEqual(["Accepted", "ResolvedRefs"]);
});

test("INB12: decide() reads a newer state that it is given", () => {
  const world = new StatusWorld();
  world.putService("web");
  world.put("httpRoutes", "a", routeTo("web"));
  const metadata = { name: "a", namespace: "shop", resourceVersion: "99", generation: 7 };
  const write = world.objects.decide("httpRoutes/shop/a", 0, { metadata, spec: routeTo("none") });
  expect(write).toMatchObject({
    resourceVersion: "99",
    status: {
      parents: [{ conditions: [{ reason: "NoMatchingParent", observedGeneration: 7 }, {}] }],
    },
  });
});
