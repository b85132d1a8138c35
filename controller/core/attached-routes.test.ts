import { expect, test } from "bun:test";
import { NO_TRAFFIC, plainRoute } from "../../test/fake/outbound-world.ts";
import { attachedTo, type Frontend, isAttachedTo, namespaceOfRoutes } from "./attached-routes.ts";
import type { HttpRoute, ParentRef } from "./route.ts";

const frontend: Frontend = {
  ...{ kind: "Service", name: "web", namespace: "shop", port: 80 },
  ...{ sections: ["http"], spoken: "any" },
};
const parent: ParentRef = {
  ...{ group: "core", kind: "Service", name: "web", namespace: "shop" },
  port: undefined,
  section: undefined,
};
const annotated = (over: Partial<HttpRoute>) => ({
  route: { ...plainRoute("r"), parents: [parent], ...over },
  traffic: NO_TRAFFIC,
});

test.each([
  ["the Service", {}, true],
  ["the empty group", { group: "" }, true],
  ["its port", { port: 80 }, true],
  ["its port's name", { section: "http" }, true],
  ["its port and name", { port: 80, section: "http" }, true],
  ["another port", { port: 81 }, false],
  ["another name", { section: "admin" }, false],
  ["one of two that fits", { port: 80, section: "admin" }, false],
  ["another Service", { name: "db" }, false],
  ["another namespace", { namespace: "other" }, false],
  ["another kind", { kind: "Server" }, false],
  ["another group", { group: "policy.linkerd.io" }, false],
  ["an EgressNetwork of that name", { group: "policy.linkerd.io", kind: "EgressNetwork" }, false],
])("OUT1: a route whose parent is %s", (_, over, attached) => {
  expect(isAttachedTo(annotated({ parents: [{ ...parent, ...over }] }), frontend)).toBe(attached);
});

test("OUT4: a client's own routes hold for it alone, the Service's for all others", () => {
  const routes = [annotated({}), annotated({ namespace: "client" })];
  expect(namespaceOfRoutes(routes, frontend, "client")).toBe("client");
  expect(namespaceOfRoutes(routes, frontend, "other")).toBe("shop");
  expect(namespaceOfRoutes(routes, frontend, "shop")).toBe("shop");
  const elsewhere = annotated({ namespace: "client", parents: [{ ...parent, port: 81 }] });
  expect(namespaceOfRoutes([elsewhere], frontend, "client")).toBe("shop");
  expect(attachedTo(routes, frontend, "client").http).toEqual([routes[1] as never]);
});

test("OUT2, OUT4: a client's own routes of a kind that cannot hold leave it the Service's", () => {
  const own = annotated({ namespace: "client", kind: "GRPCRoute" } as never);
  const routes = [annotated({}), own];
  expect(namespaceOfRoutes(routes, frontend, "client")).toBe("client");
  expect(namespaceOfRoutes(routes, { ...frontend, spoken: "http1" }, "client")).toBe("shop");
});

test("OUT3: routes of a kind by creation, then by name", () => {
  const made = (name: string, createdMs: number) => annotated({ name, createdMs });
  const routes = [made("c", 1), made("b", 2), made("a", 2)];
  const { http, grpc, tls, tcp } = attachedTo(routes, frontend, "shop");
  expect(http.map(({ route }) => route.name)).toEqual(["c", "a", "b"]);
  expect([grpc, tls, tcp]).toEqual([[], [], []]);
});

const KINDS = ["GRPCRoute", "HTTPRoute", "TLSRoute", "TCPRoute"];

test.each([
  [KINDS, [0, 1, 0, 0]],
  [KINDS.slice(1), [1, 0, 0, 0]],
  [KINDS.slice(2), [0, 0, 1, 0]],
  [KINDS.slice(3), [0, 0, 0, 1]],
])("OUT3, INB12: of %j the strongest kind holds", (kinds, numbers) => {
  const of = (kind: string, over: object = {}) => annotated({ kind, ...over } as never);
  const elsewhere = [
    of("GRPCRoute", { namespace: "client" }),
    of("GRPCRoute", { parents: [{ ...parent, port: 81 }] }),
  ];
  const routes = [...elsewhere, ...kinds.toReversed().map((kind) => of(kind))];
  const { http, grpc, tls, tcp } = attachedTo(routes, frontend, "shop");
  expect([http, grpc, tls, tcp].map(({ length }) => length)).toEqual(numbers);
});
