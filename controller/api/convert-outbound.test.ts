import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { OutboundPolicySchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import type { OutboundFilter } from "../core/outbound-backends.ts";
import type { OutboundPolicy, OutboundProtocol } from "../core/outbound-policy.ts";
import type { HttpOutbound } from "../core/outbound-routes.ts";
import { fromOutboundPolicy } from "./convert-outbound.ts";

const ref = { type: "default", name: "x" } as const;
const modifier = { add: [], set: [], remove: ["x"] };
const redirect = { scheme: undefined, host: "a", path: undefined, port: undefined, status: 302 };

/** The filters of the one rule of a policy of one kind, as they are written. */
function written(type: OutboundProtocol["type"], filters: readonly OutboundFilter[]) {
  const rule = {
    ...{ matches: [], filters, shared: false, backends: [], timeouts: undefined },
    ...{ backendRequestMs: undefined, retry: undefined, attached: true },
  };
  const routes: HttpOutbound[] = [{ ref, hosts: [], rules: [rule] }];
  const protocol =
    type === "detect" ? { type, http: routes, opaque: [] } : { type, routes: routes as never };
  const policy = { ref, protocol, accrual: undefined } as OutboundPolicy;
  const { kind } =
    create(OutboundPolicySchema, fromOutboundPolicy(policy, "cluster.local")).protocol ?? {};
  if (kind === undefined || kind.case === undefined) throw new Error("no protocol");
  const http = kind.case === "detect" ? kind.value.http2?.routes : kind.value.routes;
  return http?.[0]?.rules[0]?.filters.map(({ kind: each }) => [each.case, each.value]);
}
const refuse = (why: "backend" | "rule" | "forbidden") => ({
  ...({ type: "refuse", message: "m" } as const),
  why,
});

test.each([
  ["detect", { status: 500 }, { status: 500 }, { status: 403 }],
  ["http1", { status: 500 }, { status: 500 }, { status: 403 }],
  ["http2", { status: 500 }, { status: 500 }, { status: 403 }],
  ["grpc", { code: 14 }, { code: 13 }, { code: 7 }],
] as const)("OUT9, OUT10: refusals of %s", (type, backend, rule, forbidden) => {
  expect(written(type, [refuse("backend"), refuse("rule"), refuse("forbidden")])).toMatchObject([
    ["failureInjector", { ...backend, message: "m" }],
    ["failureInjector", { ...rule, message: "m" }],
    ["failureInjector", { ...forbidden, message: "m" }],
  ]);
});

test.each(["opaque", "tls"] as const)("OUT9, OUT10: refusals of %s", (type) => {
  expect(written(type, [refuse("backend"), refuse("rule"), refuse("forbidden")])).toMatchObject([
    ["invalid", { message: "m" }],
    ["invalid", { message: "m" }],
    ["forbidden", {}],
  ]);
});

test("OUT5: a filter that a kind has no word for refuses", () => {
  const filters: OutboundFilter[] = [
    { type: "request-headers", modifier },
    { type: "response-headers", modifier },
    { type: "redirect", redirect },
  ];
  const cases = (type: OutboundProtocol["type"]) => written(type, filters)?.map(([name]) => name);
  expect(cases("http1")).toEqual(["requestHeaderModifier", "responseHeaderModifier", "redirect"]);
  expect(cases("grpc")).toEqual(["requestHeaderModifier", "failureInjector", "failureInjector"]);
  expect(cases("tls")).toEqual(["invalid", "invalid", "invalid"]);
});
