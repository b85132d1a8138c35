import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { GrpcRouteMatchSchema } from "#lib/api/gen/proxy/grpc_route_pb.ts";
import { HostMatchSchema, HttpRouteMatchSchema } from "#lib/api/gen/proxy/http_route_pb.ts";
import { toGrpcMatch, toHost, toHttpMatch } from "./convert-match.ts";
import { PolicyError } from "./policy-error.ts";

type HttpInit = Parameters<typeof create<typeof HttpRouteMatchSchema>>[1];
const http = (init: HttpInit): ReturnType<typeof toHttpMatch> =>
  toHttpMatch(create(HttpRouteMatchSchema, init));
const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");
const exact = (value: string) => ({ case: "exact" as const, value: bytes(value) });
const regex = (value: string) => ({ case: "regex" as const, value });

test("toHttpMatch() reads every part, names of fields in lower case and values as bytes", () => {
  const match = http({
    path: { kind: { case: "prefix", value: "/a/" } },
    method: { type: { case: "unregistered", value: "PURGE" } },
    headers: [
      { name: "X-A", value: exact("é") },
      { name: "b", value: regex("[0-9]") },
    ],
    queryParams: [
      { name: "Q", value: { case: "exact", value: "1" } },
      { name: "r", value: regex("x*") },
    ],
  });
  expect(match).toMatchObject({
    type: "http",
    path: { type: "prefix", value: "/a/" },
    method: "PURGE",
    headers: [{ name: "x-a", value: { type: "exact", text: "\xc3\xa9" } }, { name: "b" }],
    queryParams: [{ name: "Q", value: { type: "exact", text: "1" } }, { name: "r" }],
  });
  expect(http({ path: { kind: regex("/r.*") } }).path?.type).toBe("regex");
  expect(http({ path: { kind: { case: "exact", value: "/" } } }).path?.value).toBe("/");
  expect(http({ method: { type: { case: "registered", value: 7 } } }).method).toBe("HEAD");
  expect(http({})).toEqual({
    type: "http",
    path: undefined,
    method: undefined,
    headers: [],
    queryParams: [],
  });
});

test("toHost() and toGrpcMatch() read what they know", () => {
  const suffix = { reverseLabels: ["com", "example"] };
  expect(toHost(create(HostMatchSchema, { match: { case: "suffix", value: suffix } }))).toEqual({
    type: "suffix",
    name: "example.com",
  });
  expect(toHost(create(HostMatchSchema, { match: { case: "exact", value: "web" } }))).toEqual({
    type: "exact",
    name: "web",
  });
  const call = create(GrpcRouteMatchSchema, {
    rpc: { service: "S" },
    headers: [{ name: "x", value: exact("1") }],
  });
  expect(toGrpcMatch(call)).toEqual({
    type: "grpc",
    service: "S",
    method: "",
    headers: [{ name: "x", value: { type: "exact", text: "1" } }],
  });
});

test.each<[string, HttpInit]>([
  ["path", { path: {} }],
  ["path", { path: { kind: { case: "prefix", value: "" } } }],
  ["path", { path: { kind: { case: "prefix", value: "//" } } }],
  ["path", { path: { kind: { case: "prefix", value: "a" } } }],
  ["pattern", { path: { kind: regex("(?=a)") } }],
  ["method", { method: {} }],
  ["method", { method: { type: { case: "registered", value: 9 as 8 } } }],
  ["method", { method: { type: { case: "unregistered", value: "A B" } } }],
  ["header", { headers: [{ name: "x" }] }],
  ["header", { headers: [{ name: "x y", value: exact("1") }] }],
  ["pattern", { headers: [{ name: "x", value: regex("(a)\\1") }] }],
  ["query", { queryParams: [{ name: "q" }] }],
  ["query", { queryParams: [{ name: "", value: regex("a") }] }],
  ["pattern", { queryParams: [{ name: "q", value: regex("(") }] }],
])("F18, G16: toHttpMatch() refuses a %s that it cannot know: %j", (code, init) => {
  expect(() => http(init)).toThrow(expect.objectContaining({ code, name: "PolicyError" }));
});

test("F18: toHost() and toGrpcMatch() refuse what they cannot know", () => {
  const suffix = { case: "suffix" as const, value: { reverseLabels: [] } };
  for (const match of [suffix, { case: "exact" as const, value: "" }, { case: undefined }])
    expect(() => toHost(create(HostMatchSchema, { match }))).toThrow(PolicyError);
  expect(() => toGrpcMatch(create(GrpcRouteMatchSchema))).toThrow(PolicyError);
});
