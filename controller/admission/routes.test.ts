import { expect, test } from "bun:test";
import { GATEWAY, POLICY, review, said } from "../../test/fake/policy-review.ts";
import { isRouteKind, reviewRoute } from "./routes.ts";

const SERVICE = { kind: "Service", group: "", name: "web", port: 80 };
const SERVER = { kind: "Server", group: POLICY, name: "web" };
const route = (rule: object, parent: object = SERVICE): object => ({
  parentRefs: [parent],
  rules: [rule],
});
const RULES: readonly (readonly [string, object, string])[] = [
  ["an absolute path", { matches: [{ path: { type: "PathPrefix", value: "/a" } }] }, ""],
  ["a relative path", { matches: [{ path: { value: "a" } }] }, '"a" is no absolute path'],
  ["an expression", { matches: [{ path: { type: "RegularExpression", value: "/a/\\d+" } }] }, ""],
  [
    "a look-ahead",
    { matches: [{ path: { type: "RegularExpression", value: "/(?=a)" } }] },
    "no regular expression that is matched in linear time",
  ],
  [
    "a broken header",
    { matches: [{ headers: [{ type: "RegularExpression", name: "a", value: "(" }] }] },
    "headers[0].value",
  ],
  [
    "a broken query",
    { matches: [{ queryParams: [{ type: "RegularExpression", name: "a", value: "[" }] }] },
    "queryParams[0].value",
  ],
  [
    "a match of no kind",
    { matches: [{ headers: [{ type: "Fuzzy", name: "a", value: "b" }] }] },
    '"Fuzzy" is none of',
  ],
  [
    "a redirect",
    {
      filters: [
        {
          type: "RequestRedirect",
          requestRedirect: { path: { replaceFullPath: "/b" }, statusCode: 308 },
        },
      ],
    },
    "",
  ],
  [
    "a relative redirect",
    {
      filters: [
        { type: "RequestRedirect", requestRedirect: { path: { replacePrefixMatch: "b" } } },
      ],
    },
    '"b" is no absolute path',
  ],
  [
    "a redirect to port 0",
    { filters: [{ type: "RequestRedirect", requestRedirect: { port: 0 } }] },
    "port: 0 is not",
  ],
  [
    "a redirect of status 99",
    { filters: [{ type: "RequestRedirect", requestRedirect: { statusCode: 99 } }] },
    "statusCode: 99",
  ],
  [
    "a header's bad name",
    {
      filters: [
        {
          type: "RequestHeaderModifier",
          requestHeaderModifier: { set: [{ name: "a b", value: "c" }] },
        },
      ],
    },
    '"a b" is no name',
  ],
  [
    "a header's bad value",
    {
      filters: [
        {
          type: "ResponseHeaderModifier",
          responseHeaderModifier: { add: [{ name: "a", value: "b\r\nc" }] },
        },
      ],
    },
    "control characters",
  ],
  [
    "a filter without its field",
    { filters: [{ type: "RequestHeaderModifier" }] },
    "requestHeaderModifier: it must be set",
  ],
  [
    "a backend without a port",
    { backendRefs: [{ name: "web" }] },
    "a Service as backend needs the port",
  ],
  [
    "a backend of another kind",
    { backendRefs: [{ group: "example.com", kind: "Bucket", name: "b" }] },
    "",
  ],
  ["timeouts", { timeouts: { request: "10s", backendRequest: "1s" } }, ""],
  ["no request timeout", { timeouts: { request: "0s", backendRequest: "1s" } }, ""],
  [
    "timeouts that cross",
    { timeouts: { request: "1s", backendRequest: "2s" } },
    "longer than request",
  ],
  ["a timeout that is none", { timeouts: { request: "soon" } }, '"soon" is no duration'],
];

test.each(RULES.flatMap((row) => [[POLICY, ...row] as const, [GATEWAY, ...row] as const]))(
  "ADM7: HTTPRoute of %s with %s",
  (group, _, rule, problem) => {
    const told = said(review([group, "HTTPRoute"], route(rule)));
    expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
  },
);

test("ADM7: a GRPCRoute's methods, and a parent that needs its port", () => {
  const bad = { matches: [{ method: { type: "RegularExpression", service: "shop[.].*" } }] };
  expect(said(review([GATEWAY, "GRPCRoute"], route(bad)))).toBe(
    'spec.rules[0].matches[0].method.type: "RegularExpression" is not known here: only Exact',
  );
  const good = { matches: [{ method: { service: "shop.Cart", method: "Get" } }] };
  expect(said(review([GATEWAY, "GRPCRoute"], route(good)))).toBe("");
  const egress = { group: POLICY, kind: "EgressNetwork", name: "all" };
  expect(said(review([GATEWAY, "HTTPRoute"], route({}, egress)))).toContain("parentRefs[0].port");
  expect(said(review([GATEWAY, "HTTPRoute"], route({}, { ...egress, port: 443 })))).toBe("");
});

test.each(["TLSRoute", "TCPRoute"])("ADM8: a %s has one rule", (kind) => {
  expect(said(review([GATEWAY, kind], route({})))).toBe("");
  for (const rules of [[], [{}, {}]])
    expect(said(review([GATEWAY, kind], { parentRefs: [SERVICE], rules }))).toContain(
      "has exactly one rule",
    );
});

test("ADM11: routes of the Gateway API that cannot be read, or are for others, pass", () => {
  const odd = { parentRefs: [SERVICE], rules: [{ matches: "everything" }] };
  expect(said(review([GATEWAY, "HTTPRoute"], odd))).toBe("");
  expect(said(review([POLICY, "HTTPRoute"], odd))).toContain("the definition of HTTPRoute");
  const gateway = { group: GATEWAY, kind: "Gateway", name: "edge" };
  expect(
    said(review([GATEWAY, "HTTPRoute"], route({ matches: [{ path: { value: "a" } }] }, gateway))),
  ).toBe("");
});

test("a filter that is not known is told of, and refused in a route of Linkerd's own", () => {
  const mirror = route({ filters: [{ type: "RequestMirror", requestMirror: {} }] });
  expect(said(review([GATEWAY, "HTTPRoute"], mirror))).toBe(
    "warning: spec.rules[0].filters: RequestMirror is not known here: the rule is dropped",
  );
  expect(said(review([POLICY, "HTTPRoute"], mirror))).toContain("RequestMirror is not known");
});

test("what a GRPCRoute cannot do is told of, as it is no more than an HTTPRoute's", () => {
  const redirect = route({ filters: [{ type: "RequestRedirect", requestRedirect: {} }] });
  expect(said(review([GATEWAY, "GRPCRoute"], redirect))).toBe(
    "warning: spec.rules[0].filters: RequestRedirect is not known here: the rule is dropped",
  );
});

test("reviewRoute() reads nothing of other kinds, or without a spec", () => {
  expect(reviewRoute({ group: GATEWAY, kind: "UDPRoute", spec: {} })).toBeUndefined();
  expect(reviewRoute({ group: GATEWAY, kind: "TCPRoute", spec: undefined })).toBeUndefined();
  expect(["HTTPRoute", "UDPRoute"].map(isRouteKind)).toEqual([true, false]);
});

test.each([
  ["HTTPRoute", SERVICE, { "retry.linkerd.io/http": "6xx" }, "retry.linkerd.io/http"],
  ["HTTPRoute", SERVICE, { "retry.linkerd.io/limit": "many" }, "retry.linkerd.io/limit"],
  ["HTTPRoute", SERVICE, { "timeout.linkerd.io/request": "1.5s" }, "timeout.linkerd.io/request"],
  ["HTTPRoute", SERVICE, { "retry.linkerd.io/grpc": "never" }, ""],
  ["GRPCRoute", SERVICE, { "retry.linkerd.io/grpc": "never" }, "retry.linkerd.io/grpc"],
  ["GRPCRoute", SERVICE, { "retry.linkerd.io/http": "6xx" }, ""],
  ["HTTPRoute", SERVICE, { "retry.linkerd.io/http": "5xx", "timeout.linkerd.io/idle": "1m" }, ""],
  ["HTTPRoute", SERVER, { "retry.linkerd.io/http": "6xx" }, ""],
  ["TCPRoute", SERVICE, { "timeout.linkerd.io/request": "1.5s" }, ""],
])("a %s to %j with annotations %j", (kind, parent, annotations, problem) => {
  const object = { metadata: { name: "it", namespace: "shop", annotations } };
  const asked = review([GATEWAY, kind], undefined, {
    object: { ...object, spec: route({}, parent) } as never,
  });
  const expected = problem === "" ? "" : `metadata: annotation ${problem} cannot be read`;
  const told = said(asked);
  expect(expected === "" ? told : told.startsWith(expected)).toBe(expected === "" ? "" : true);
});
