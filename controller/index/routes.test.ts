import { expect, test } from "bun:test";
import { GATEWAY_GROUP, POLICY_GROUP } from "../core/route.ts";
import { toGrpcRoute, toHttpRoute, toStreamRoute } from "./routes.ts";

const metadata = {
  name: "reads",
  namespace: "shop",
  creationTimestamp: "1970-01-01T00:00:01Z",
};
const http = (spec: unknown, group = POLICY_GROUP) => toHttpRoute({ metadata, spec }, group);
const faultOf = (rule: unknown) => http({ rules: [rule] }).rules[0]?.fault;

test("toHttpRoute() reads parents, hosts, matches, backends and timeouts", () => {
  const route = http({
    parentRefs: [
      { group: POLICY_GROUP, kind: "Server", name: "web" },
      { group: "core", kind: "Service", name: "web", namespace: "other", port: 80 },
    ],
    hostnames: ["Web.example", "*.Example.com"],
    rules: [
      {
        matches: [
          {
            path: { type: "Exact", value: "/a" },
            method: "GET",
            headers: [{ name: "x", value: "1" }],
            queryParams: [{ name: "q", type: "RegularExpression", value: "a+" }],
          },
          { path: { value: "/b" } },
          { path: { type: "RegularExpression", value: ".*" } },
        ],
        backendRefs: [{ name: "v1", port: 80, weight: 0 }, { name: "v2" }],
        timeouts: { request: "1s", backendRequest: "0s" },
        retry: { attempts: 2 },
      },
      {},
    ],
  });
  expect(route).toMatchObject({
    name: "reads",
    namespace: "shop",
    createdMs: 1000,
    group: POLICY_GROUP,
  });
  expect(route.parents.map(({ namespace, port }) => [namespace, port])).toEqual([
    ["shop", undefined],
    ["other", 80],
  ]);
  expect(route.hosts).toEqual([
    { type: "exact", name: "web.example" },
    { type: "suffix", name: "example.com" },
  ]);
  const [rule, empty] = route.rules;
  expect(rule?.fault).toBeUndefined();
  expect(rule?.matches[0]).toEqual({
    path: { type: "exact", value: "/a" },
    method: "GET",
    headers: [{ name: "x", type: "exact", value: "1" }],
    queryParams: [{ name: "q", type: "regex", value: "a+" }],
  });
  expect(rule?.matches.slice(1).map(({ path }) => path?.type)).toEqual(["prefix", "regex"]);
  expect(rule?.backends.map(({ weight, namespace }) => [weight, namespace])).toEqual([
    [0, "shop"],
    [1, "shop"],
  ]);
  expect(rule?.timeouts).toEqual({ requestMs: 1000, backendRequestMs: 0 });
  expect(empty).toMatchObject({ matches: [], filters: [], backends: [], fault: undefined });
});

test("toHttpRoute() names a Gateway as parent where nothing else is said, of the route's group", () => {
  const parents = [{ name: "web" }];
  expect(http({ parentRefs: parents }).parents[0]).toMatchObject({ group: POLICY_GROUP });
  expect(http({ parentRefs: parents }, GATEWAY_GROUP).parents[0]).toMatchObject({
    group: GATEWAY_GROUP,
    kind: "Gateway",
  });
});

test.each([
  ["a rule's field", { mirror: {} }],
  ["a match's field", { matches: [{ cookies: [] }] }],
  ["a path's type", { matches: [{ path: { type: "Glob", value: "/*" } }] }],
  ["a relative path", { matches: [{ path: { type: "Exact", value: "a" } }] }],
  ["a prefix of slashes", { matches: [{ path: { value: "//" } }] }],
  [
    "an expression that looks ahead",
    { matches: [{ path: { type: "RegularExpression", value: "(?=a)" } }] },
  ],
  [
    "a header's expression",
    { matches: [{ headers: [{ name: "a", type: "RegularExpression", value: "(" }] }] },
  ],
  ["a method", { matches: [{ method: "BREW" }] }],
  ["a header's type", { matches: [{ headers: [{ name: "a", value: "b", type: "Prefix" }] }] }],
  ["a header without value", { matches: [{ headers: [{ name: "a" }] }] }],
  ["a header's name", { matches: [{ headers: [{ name: ":path", value: "/" }] }] }],
  ["a query without name", { matches: [{ queryParams: [{ value: "" }] }] }],
  ["matches that are no list", { matches: "x" }],
  ["a match that is no object", { matches: [null] }],
  ["a filter", { filters: [{ type: "CORS", cors: {} }] }],
  ["a timeout", { timeouts: { request: "soon" } }],
  ["no object", "rule"],
])("toHttpRoute() leaves out a rule with %s that is not known, and that rule alone", (_, rule) => {
  expect(faultOf(rule)).toBeDefined();
  const { rules } = http({ rules: [rule, { matches: [{ path: { value: "/b" } }] }] });
  expect(rules.map(({ fault }) => fault === undefined)).toEqual([false, true]);
});

test("toHttpRoute() keeps what is known of a match that is not known whole", () => {
  const matches = [{ path: { type: "Exact", value: "/a" }, method: "BREW" }];
  const [rule] = http({ rules: [{ matches }] }).rules;
  expect(rule?.matches).toMatchObject([
    { path: { type: "exact", value: "/a" }, method: undefined },
  ]);
});

test("toHttpRoute() takes a backend that cannot be read for itself", () => {
  const [rule] = http({
    rules: [{ backendRefs: [{ name: "a", weight: -1 }, { name: "b" }] }],
  }).rules;
  expect(rule?.fault).toBeUndefined();
  expect(rule?.backends.map(({ fault }) => fault === undefined)).toEqual([false, true]);
});

test("toHttpRoute() attaches a route to no parent that it cannot read, and serves nothing where hosts are odd", () => {
  expect(
    http({ parentRefs: [{ name: "a", port: "x" }, { name: "b", more: 1 }, 7] }).parents,
  ).toEqual([]);
  for (const hostnames of [["a*b"], ["a..b"], [7], "web"]) {
    const { rules } = http({ hostnames, rules: [{}, {}] });
    expect(rules.every(({ fault }) => fault !== undefined)).toBe(true);
  }
  for (const spec of [undefined, "x", { rules: {} }])
    expect(http(spec).rules.filter(({ fault }) => fault === undefined)).toEqual([]);
});

test("toGrpcRoute() reads services and methods, and no regular expression for them", () => {
  const read = (method: unknown) =>
    toGrpcRoute({ metadata, spec: { rules: [{ matches: [{ method }] }] } }).rules[0];
  expect(read({ service: "a.B", method: "C" })?.matches).toEqual([
    { service: "a.B", method: "C", headers: [] },
  ]);
  expect(read(undefined)?.matches).toEqual([{ service: "", method: "", headers: [] }]);
  expect(read({ type: "RegularExpression", service: ".*" })?.fault).toBeDefined();
});

test("toStreamRoute() reads names and backends, and neither matches nor filters", () => {
  const spec = {
    hostnames: ["db.example"],
    rules: [{ backendRefs: [{ name: "db", port: 5432 }] }],
  };
  const route = toStreamRoute({ metadata, spec }, "TLSRoute");
  expect(route.hosts).toEqual([{ type: "exact", name: "db.example" }]);
  expect(route.rules[0]).toMatchObject({ fault: undefined, backends: [{ port: 5432 }] });
  const matched = { rules: [{ matches: [{}] }] };
  expect(toStreamRoute({ metadata, spec: matched }, "TCPRoute").rules[0]?.fault).toBeDefined();
});
