import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { createPattern, type Pattern } from "#lib/http/pattern.ts";
import type { HttpMatch, MatchedHead, NamedMatch, RequestMatch } from "./request-match.ts";
import { findRoute } from "./route-match.ts";
import { type MatchedRoute, prepareRoutes } from "./route-table.ts";

const pattern = (text: string): Pattern => createPattern(text) ?? { test: () => false };
const match = (over: Partial<Omit<HttpMatch, "type">> = {}): HttpMatch => ({
  type: "http",
  path: undefined,
  method: undefined,
  headers: [],
  queryParams: [],
  ...over,
});
const exact = (value: string): Pick<HttpMatch, "path"> => ({ path: { type: "exact", value } });
const prefix = (value: string): Pick<HttpMatch, "path"> => ({ path: { type: "prefix", value } });
const regex = (value: string): Pick<HttpMatch, "path"> => ({
  path: { type: "regex", value: pattern(value) },
});
const named = (name: string, text: string): NamedMatch => ({
  name,
  value: { type: "exact", text },
});
const rule = (target: string, ...matches: RequestMatch[]) => ({ target, matches });
const route = (
  hosts: readonly string[],
  ...rules: MatchedRoute<string>["rules"][number][]
): MatchedRoute<string> => ({
  hosts: hosts.map((host) =>
    host.startsWith("*.") ? { type: "suffix", name: host.slice(2) } : { type: "exact", name: host },
  ),
  rules,
});
const head = (path: string, over: Partial<MatchedHead> = {}): MatchedHead => ({
  method: "GET",
  path,
  authority: "web.shop.svc:80",
  protocol: "",
  headers: HeaderList.of(),
  ...over,
});
const found = (routes: readonly MatchedRoute<string>[], request: MatchedHead) =>
  findRoute(prepareRoutes(routes), request)?.target;

test.each([
  ["/a/b", "exact"],
  ["/a/b?q", "exact"],
  ["/a/b/", "long prefix"],
  ["/a/b/c", "long prefix"],
  ["/a/bc", "prefix"],
  ["/a", "prefix"],
  ["/a///", "prefix"],
  ["/A", "root"],
  ["/ab", "root"],
  ["/r12", "regex"],
  ["/r12x", "root"],
  ["/s/1", "regex before prefix"],
  ["//a", "root"],
  ["/a%2fb", "root"],
  ["/./a", "root"],
  ["*", "root"],
  ["", "root"],
] as const)("P24, A39: %s goes by the %s: exact, pattern, longest prefix", (path, name) => {
  const routes = [
    route([], rule("root", match(prefix("/"))), rule("prefix", match(prefix("/a/")))),
    route([], rule("regex", match(regex("/r[0-9]+")))),
    route([], rule("long prefix", match(prefix("/a/b"))), rule("exact", match(exact("/a/b")))),
    route(
      [],
      rule("short", match(prefix("/s"))),
      rule("regex before prefix", match(regex("/s/."))),
    ),
  ];
  expect(found(routes, head(path))).toBe(name);
});

test("P24: of equal paths the one with more fields wins, then more parameters, then a method, then the first", () => {
  const x = named("x", "1");
  const y = named("y", "1");
  const q = named("q", "1");
  const all = head("/a?q=1", { headers: HeaderList.of(["x", "1"], ["y", "1"]) });
  const rules = [
    rule("first", match(prefix("/a"))),
    rule("second", match(prefix("/a/"))),
    rule("method", match({ ...prefix("/a"), method: "GET" })),
    rule("query", match({ ...prefix("/a"), queryParams: [q] })),
    rule("query and method", match({ ...prefix("/a"), queryParams: [q], method: "GET" })),
    rule("field", match({ ...prefix("/a"), headers: [x] })),
    rule("fields", match({ ...prefix("/a"), headers: [x, y] })),
  ];
  const order: (string | undefined)[] = [];
  for (let left = rules; left.length > 0; ) {
    const best = found([route([], ...left)], all);
    order.push(best);
    left = left.filter(({ target }) => target !== best);
  }
  expect(order).toEqual([
    "fields",
    "field",
    "query and method",
    "query",
    "method",
    "first",
    "second",
  ]);
  expect(found([route([], ...rules)], head("/a", { method: "PUT" }))).toBe("first");
});

test.each([
  ["web.shop", "exact"],
  ["WEB.shop.:8080", "dotted"],
  ["api.shop", "suffix"],
  ["a.b.shop:80", "longer suffix"],
  ["b.shop", "suffix"],
  ["shop", "none"],
  [".shop", "none"],
  ["[::1]:80", "none"],
  ["[::1]", "none"],
  ["", "none"],
] as const)("P24: host %s goes by the %s: exact, longer suffix, none", (authority, name) => {
  const routes = [
    route([], rule("none", match(exact("/a")))),
    route(["*.Shop"], rule("suffix", match())),
    route(["*.b.shop", "other"], rule("longer suffix", match())),
    route(["web.shop", "WEB.shop"], rule("exact", match())),
    route(["web.shop."], rule("dotted", match())),
  ];
  expect(found(routes, head("/a", { authority }))).toBe(name);
});

test("P24: a host whose rules do not take the request leaves it to the next one", () => {
  const routes = [
    route(["web.shop"], rule("exact", match(exact("/x")))),
    route(["*.shop"], rule("suffix", match(exact("/y")))),
    route(["*.shop."], rule("dotted", match(exact("/y")))),
    route([], rule("none", match(exact("/z")))),
  ];
  const by = (path: string, authority = "web.shop"): string | undefined =>
    found(routes, head(path, { authority }));
  expect([
    by("/x"),
    by("/y"),
    by("/y", "web.shop."),
    by("/z"),
    by("/"),
    by("/x", "a.shop"),
  ]).toEqual(["exact", "suffix", "dotted", "none", undefined, undefined]);
});

test.each([
  ["/pkg.S/M", "both"],
  ["/pkg.S/N", "service"],
  ["/pkg.T/M", "method"],
  ["/pkg.T/N", "any"],
  ["/pkg.S/M/x", undefined],
  ["/pkg.S/", undefined],
  ["//M", undefined],
  ["/pkg.S", undefined],
  ["*", undefined],
] as const)("P24: of gRPC %s goes by %p: service, then method", (path, name) => {
  const rpc = (service: string, method: string): RequestMatch => ({
    type: "grpc",
    service,
    method,
    headers: [],
  });
  const routes = [
    route([], rule("any", rpc("", "")), rule("method", rpc("", "M"))),
    route([], rule("service", rpc("pkg.S", "")), rule("both", rpc("pkg.S", "M"))),
  ];
  expect(found(routes, head(path, { method: "POST" }))).toBe(name as string);
  expect(found(routes, head(path))).toBeUndefined();
});

test("P24: of gRPC matches of one procedure the one with more fields wins, and a rule without matches takes what is left", () => {
  const rpc = (...headers: NamedMatch[]): RequestMatch => ({
    type: "grpc",
    service: "S",
    method: "",
    headers,
  });
  const routes = [
    route([], rule("plain", rpc()), rule("field", rpc(named("x", "1"))), rule("rest")),
  ];
  const call = { method: "POST", headers: HeaderList.of(["x", "1"]) };
  expect(found(routes, head("/S/M", call))).toBe("field");
  expect(found(routes, head("/S/M", { method: "POST" }))).toBe("plain");
  expect(found(routes, head("/S/M/x", { method: "POST" }))).toBe("rest");
});

test("P23: of conditions that hold the first in the list counts, and what meets none is left to who takes all", () => {
  const condition = (text: string): RequestMatch => ({
    type: "condition",
    condition: { type: "path", pattern: pattern(text) },
  });
  const routes = [
    route([], rule("first", condition("/a/.*"))),
    route([], rule("second", condition("/.*b"))),
    route([], rule("rest")),
  ];
  expect(["/a/b", "/b?q", "/c"].map((path) => found(routes, head(path)))).toEqual([
    "first",
    "second",
    "rest",
  ]);
});

test("findRoute() says how much of the path a prefix matched, and nothing of other matches", () => {
  const table = prepareRoutes([
    route([], rule("prefix", match(prefix("/a/"))), rule("exact", match(exact("/b"))), rule("any")),
  ]);
  expect(["/a/x", "/b", "/c"].map((path) => findRoute(table, head(path))?.prefix)).toEqual([
    2,
    undefined,
    1,
  ]);
});
