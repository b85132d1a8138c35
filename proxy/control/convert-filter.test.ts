import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { GrpcRoute_FilterSchema, HttpRoute_FilterSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import type { Filter } from "../policy/filter.ts";
import { toFilter } from "./convert-filter.ts";

type Kind = NonNullable<Parameters<typeof create<typeof HttpRoute_FilterSchema>>[1]>["kind"];
const read = (kind: Kind): Filter =>
  toFilter(create(HttpRoute_FilterSchema, kind === undefined ? {} : { kind }));
const headers = (...all: readonly (readonly [string, string])[]) => ({
  headers: all.map(([name, value]) => ({ name, value: Buffer.from(value) })),
});
const failure = (value: object): Kind => ({ case: "failureInjector", value });
const redirect = (value: object): Kind => ({ case: "redirect", value });
const ofRequest = (value: object): Kind => ({ case: "requestHeaderModifier", value });

test("P21: toFilter() reads failures with their share", () => {
  const ratio = { numerator: 1, denominator: 4 };
  expect(read(failure({ status: 403, message: "traffic not allowed", ratio }))).toEqual({
    ...{ type: "http-failure", status: 403, message: "traffic not allowed" },
    ratio: 0.25,
  });
  const grpc = create(GrpcRoute_FilterSchema, {
    kind: { case: "failureInjector", value: { code: 14, message: "no" } },
  });
  expect(toFilter(grpc)).toEqual({ type: "grpc-failure", code: 14, message: "no", ratio: 1 });
});

test("P21: toFilter() reads changes of headers, names in lower case, and leaves a request its host", () => {
  const change = {
    add: headers(["X-A", "1"]),
    set: headers(["Host", "web:80"]),
    remove: ["X-B", "Host"],
  };
  expect(read(ofRequest(change))).toEqual({
    type: "request-headers",
    modifier: {
      add: [{ name: "x-a", value: "1" }],
      set: [{ name: "host", value: "web:80" }],
      remove: ["x-b"],
    },
  });
  expect(read({ case: "responseHeaderModifier", value: { remove: ["A"] } })).toEqual({
    type: "response-headers",
    modifier: { add: [], set: [], remove: ["a"] },
  });
});

test("P21: toFilter() reads redirects; what is not set stays as asked, the status is 301", () => {
  expect(read(redirect({}))).toEqual({
    type: "redirect",
    redirect: {
      ...{ scheme: undefined, host: undefined, port: undefined, path: undefined },
      status: 301,
    },
  });
  const whole = {
    scheme: { type: { case: "registered", value: 1 } },
    host: "web",
    port: 8443,
    path: { replace: { case: "prefix", value: "" } },
    status: 308,
  };
  expect(read(redirect(whole))).toEqual({
    type: "redirect",
    redirect: {
      ...{ scheme: "https", host: "web", port: 8443, status: 308 },
      path: { type: "prefix", value: "" },
    },
  });
  expect(
    read(redirect({ scheme: { type: { case: "unregistered", value: "http" } } })),
  ).toMatchObject({ redirect: { scheme: "http" } });
});

test.each<[string, Kind]>([
  ["of an unknown kind", undefined],
  ["with a status below 100", failure({ status: 99 })],
  ["with a share of nothing", failure({ status: 500, ratio: { numerator: 0, denominator: 0 } })],
  ["with a share above all", failure({ status: 500, ratio: { numerator: 2, denominator: 1 } })],
  ["that changes framing", ofRequest({ set: headers(["Content-Length", "0"]) })],
  ["that removes framing", ofRequest({ remove: ["Transfer-Encoding"] })],
  ["that adds a name that is none", ofRequest({ add: headers(["a b", "1"]) })],
  ["with a value of two lines", ofRequest({ add: headers(["a", "1\r\nb: 2"]) })],
  ["with a host that is none", ofRequest({ set: headers(["host", "a b"]) })],
  ["that gives answers a host", { case: "responseHeaderModifier", value: { remove: ["host"] } }],
  ["to a port that is none", redirect({ port: 65_536 })],
  ["to a host that is none", redirect({ host: "a/b" })],
  ["to another scheme", redirect({ scheme: { type: { case: "unregistered", value: "ftp" } } })],
  ["to an unknown scheme", redirect({ scheme: {} })],
  ["with a status that is none", redirect({ status: 1000 })],
  ["to a relative path", redirect({ path: { replace: { case: "full", value: "a" } } })],
  ["to no path", redirect({ path: { replace: { case: "full", value: "" } } })],
  ["to a path with a blank", redirect({ path: { replace: { case: "full", value: "/a b" } } })],
  ["to a path beyond ASCII", redirect({ path: { replace: { case: "full", value: "/\u20ac" } } })],
])("ERR18: a filter %s is refused", (_, kind) => {
  expect(() => read(kind)).toThrow(expect.objectContaining({ code: "filter" }));
});

test("ERR18: a code of gRPC that is none is refused", () => {
  const value = { code: 65_536 };
  const filter = create(GrpcRoute_FilterSchema, { kind: { case: "failureInjector", value } });
  expect(() => toFilter(filter)).toThrow(expect.objectContaining({ code: "filter" }));
});
