import { expect, test } from "bun:test";
import { Fields } from "./fields.ts";
import { readFilters } from "./route-filters.ts";

function read(filters: unknown, kind = "HTTPRoute") {
  const faults: string[] = [];
  return {
    filters: readFilters(new Fields({ filters }, "rule", faults), {
      routeKind: kind,
      rule: "rule",
    }),
    faults,
  };
}

test("readFilters() reads header modifiers and redirects", () => {
  const requestHeaderModifier = { add: [{ name: "a", value: "1" }], remove: ["b"] };
  const responseHeaderModifier = { set: [{ name: "c", value: "" }] };
  const path = { type: "ReplacePrefixMatch", replacePrefixMatch: "" };
  const { filters, faults } = read([
    { type: "RequestHeaderModifier", requestHeaderModifier },
    { type: "ResponseHeaderModifier", responseHeaderModifier },
    { type: "RequestRedirect", requestRedirect: { hostname: "h", path, scheme: "https" } },
    { type: "RequestRedirect", requestRedirect: { statusCode: 307, port: 81 } },
  ]);
  expect(faults).toEqual([]);
  expect(filters).toEqual([
    {
      type: "request-headers",
      modifier: { add: [{ name: "a", value: "1" }], set: [], remove: ["b"] },
    },
    {
      type: "response-headers",
      modifier: { add: [], set: [{ name: "c", value: "" }], remove: [] },
    },
    {
      type: "redirect",
      redirect: {
        ...{ scheme: "https", host: "h", port: undefined, status: 302 },
        path: { type: "prefix", value: "/" },
      },
    },
    {
      type: "redirect",
      redirect: { scheme: undefined, host: undefined, path: undefined, port: 81, status: 307 },
    },
  ]);
});

test.each([
  ["not supported", { type: "URLRewrite", urlRewrite: { hostname: "x" } }],
  ["without a type", { requestRedirect: {} }],
  ["without its value", { type: "RequestRedirect" }],
  ["another's value", { type: "RequestRedirect", requestRedirect: {}, cors: {} }],
  ["unknown field", { type: "RequestRedirect", requestRedirect: { query: "x" } }],
  ["status", { type: "RequestRedirect", requestRedirect: { statusCode: 200 } }],
  ["path", { type: "RequestRedirect", requestRedirect: { path: { replaceFullPath: "/" } } }],
  [
    "relative path",
    {
      type: "RequestRedirect",
      requestRedirect: { path: { type: "ReplaceFullPath", replaceFullPath: "x" } },
    },
  ],
  [
    "header name",
    { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "a b", value: "" }] } },
  ],
  [
    "header value",
    {
      type: "RequestHeaderModifier",
      requestHeaderModifier: { add: [{ name: "a", value: "x\r\ny: z" }] },
    },
  ],
  [
    "field of framing",
    {
      type: "RequestHeaderModifier",
      requestHeaderModifier: { set: [{ name: "Content-Length", value: "1" }] },
    },
  ],
  [
    "host of a response",
    { type: "ResponseHeaderModifier", responseHeaderModifier: { remove: ["Host"] } },
  ],
  [
    "host that is none",
    {
      type: "RequestHeaderModifier",
      requestHeaderModifier: { set: [{ name: "host", value: "a b" }] },
    },
  ],
  ["host to go to", { type: "RequestRedirect", requestRedirect: { hostname: "a,b" } }],
  [
    "path with a fragment",
    {
      type: "RequestRedirect",
      requestRedirect: { path: { type: "ReplaceFullPath", replaceFullPath: "/a#b" } },
    },
  ],
  ["removed name", { type: "RequestHeaderModifier", requestHeaderModifier: { remove: ["\n"] } }],
])("readFilters() notes a fault: %s", (_, filter) => {
  expect(read([filter]).faults).not.toEqual([]);
});

test("readFilters() knows one filter for gRPC, and none for connections", () => {
  const modifier = { type: "RequestHeaderModifier", requestHeaderModifier: {} };
  expect(read([modifier], "GRPCRoute").faults).toEqual([]);
  expect(read([modifier], "TCPRoute").faults).not.toEqual([]);
  expect(read([{ type: "RequestRedirect", requestRedirect: {} }], "GRPCRoute").faults).toHaveLength(
    1,
  );
});
