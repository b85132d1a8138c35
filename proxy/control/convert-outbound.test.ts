import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { OutboundPolicySchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import type { ClientPolicy } from "../policy/client-policy.ts";
import { fromSocketAddr } from "./convert.ts";
import { toClientPolicy } from "./convert-outbound.ts";

const metadata = { kind: { case: "default" as const, value: "route" } };
const second = (seconds: number) => ({ seconds: BigInt(seconds), nanos: 500_000_000 });
const queue = { capacity: 5, failfastTimeout: second(1) };
const addr = fromSocketAddr({ ip: "10.1.2.3", port: 80 });
const forward = { metadata, queue, kind: { case: "forward", value: { addr } } };
const dst = { kind: { case: "dst", value: { path: "web:80" } } };
const ewma = { case: "peakEwma", value: { defaultRtt: second(1), decay: second(10) } };
const balancer = {
  metadata,
  queue,
  kind: { case: "balancer", value: { discovery: dst, load: ewma } },
};
const empty = { kind: { case: "empty", value: {} } };
const first = (...backends: readonly object[]) => ({
  kind: { case: "firstAvailable", value: { backends } },
});
const random = (...backends: readonly object[]) => ({
  kind: { case: "randomAvailable", value: { backends } },
});
const http = (rule: object, over: object = {}) => ({
  case: "http1",
  value: { routes: [{ metadata, rules: [rule], ...over }] },
});
const opaque = (rule: object, over: object = {}) => ({
  case: "opaque",
  value: { routes: [{ metadata, rules: [rule], ...over }] },
});
const read = (kind: object, over: object = {}): ClientPolicy =>
  toClientPolicy(
    create(OutboundPolicySchema, { metadata, protocol: { kind }, ...over } as Parameters<
      typeof create<typeof OutboundPolicySchema>
    >[1]),
  );

test("toClientPolicy() reads HTTP routes with hosts, matches, filters and backends", () => {
  const failure = { kind: { case: "failureInjector", value: { status: 403, message: "no" } } };
  const rule = {
    matches: [{ method: { type: { case: "registered", value: 1 } } }, {}],
    filters: [failure],
    backends: random(
      { backend: { backend: balancer, filters: [failure] }, weight: 3 },
      { backend: { backend: forward }, weight: 1 },
      { backend: { backend: { metadata, queue } }, weight: 0 },
    ),
  };
  const { protocol } = read(http(rule, { hosts: [{ match: { case: "exact", value: "web" } }] }));
  if (protocol.type !== "http1") throw new Error(protocol.type);
  const [route] = protocol.routes;
  expect(route?.hosts).toEqual([{ type: "exact", name: "web" }]);
  const read403 = { type: "http-failure" as const, status: 403, message: "no", ratio: 1 };
  expect(route?.rules[0]?.filters).toEqual([read403]);
  expect(route?.rules[0]?.distribution).toMatchObject({
    type: "random",
    choices: [
      {
        weight: 3,
        filters: [read403],
        backend: {
          queueCapacity: 5,
          failfastMs: 1500,
          target: { type: "balancer", path: "web:80", defaultRttMs: 1500, decayMs: 10_500 },
        },
      },
      { weight: 1, filters: [], backend: { target: { type: "forward" } } },
      { weight: 0, backend: { target: { type: "fail" } } },
    ],
  });
});

test("P26: toClientPolicy() keeps every backend of those of which the first available is taken", () => {
  const { protocol } = read({
    ...http({ backends: first({ backend: forward }, { backend: balancer }) }),
    case: "http2",
  });
  expect(protocol.type === "http2" && protocol.routes[0]?.rules[0]?.distribution).toMatchObject({
    type: "first",
    choices: [{ weight: 1 }, { weight: 1 }],
  });
});

test("toClientPolicy() reads what is detected, gRPC, opaque and TLS routes", () => {
  const rule = { backends: first({ backend: forward }) };
  const rpc = { service: "a.S", method: "" };
  const grpc = read({ ...http({ matches: [{ rpc }], ...rule }), case: "grpc" }).protocol;
  expect(grpc.type === "grpc" && grpc.routes[0]?.rules[0]?.matches).toEqual([
    { type: "grpc", ...rpc, headers: [] },
  ]);
  const snis = [{ match: { case: "suffix", value: { reverseLabels: ["com", "a"] } } }];
  const tls = read({ ...opaque(rule, { snis }), case: "tls" }).protocol;
  expect(tls.type === "tls" && tls.routes[0]?.names).toEqual([{ type: "suffix", name: "a.com" }]);
  const detect = {
    timeout: second(9),
    http1: http(rule).value,
    http2: http(rule).value,
    opaque: opaque(rule).value,
  };
  expect(read({ case: "detect", value: detect }).protocol).toMatchObject({
    type: "detect",
    timeoutMs: 9500,
    opaque: [{ names: [], refusal: undefined }],
  });
});

test("MET36: toClientPolicy() reads which opaque connections are closed, of a whole route and of one backend", () => {
  const filters = (kind: string) => [{ kind: { case: kind, value: {} } }];
  const opaqueOf = (rule: object) => {
    const { protocol } = read(opaque(rule));
    if (protocol.type !== "opaque") throw new Error(JSON.stringify(protocol));
    return protocol.routes[0];
  };
  expect(opaqueOf({ backends: empty, filters: filters("forbidden") })?.refusal).toBe("forbidden");
  expect(opaqueOf({ backends: empty, filters: filters("invalid") })?.refusal).toBe(
    "invalid_backend",
  );
  const backends = first({ backend: forward, filters: filters("forbidden") });
  expect(opaqueOf({ backends })?.distribution.choices[0]?.refusal).toBe("forbidden");
});

const rule = { backends: first({ backend: forward }) };
const resource = (over: object) => ({
  kind: {
    case: "resource",
    value: { group: "core", kind: "Service", namespace: "ns", name: "web", ...over },
  },
});
const backend = (over: object) => http({ backends: first({ backend: { ...forward, ...over } }) });
const load = (value: object) =>
  backend({ kind: { case: "balancer", value: { discovery: dst, ...value } } });
const detect = { timeout: second(9), http1: {}, http2: {}, opaque: {} };

test.each<[string, object, object?]>([
  ["without a protocol", { case: undefined }],
  ["without metadata", http(rule), { metadata: undefined }],
  ["of a resource without a namespace", http(rule), { metadata: resource({ namespace: "" }) }],
  ["that detects without a time", { case: "detect", value: { ...detect, timeout: undefined } }],
  ["that detects without HTTP/1", { case: "detect", value: { ...detect, http1: undefined } }],
  ["that detects without HTTP/2", { case: "detect", value: { ...detect, http2: undefined } }],
  ["that detects without opaque", { case: "detect", value: { ...detect, opaque: undefined } }],
  ["with a route without metadata", http(rule, { metadata: undefined })],
  ["with a rule without distribution", http({})],
  ["with an unknown distribution", http({ backends: { kind: { case: undefined } } })],
  ["with an empty distribution", http({ backends: first() })],
  ["with a weight without a backend", http({ backends: random({ weight: 1 }) })],
  ["with a choice without a backend", http({ backends: first({}) })],
  ["with a backend without metadata", backend({ metadata: undefined })],
  ["with a backend without a queue", backend({ queue: undefined })],
  ["with a queue without patience", backend({ queue: { capacity: 1 } })],
  ["with an endpoint without address", backend({ kind: { case: "forward", value: {} } })],
  ["with a balancer without load", load({})],
  [
    "with a load without decay",
    load({ load: { case: "peakEwma", value: { defaultRtt: second(1) } } }),
  ],
  ["with a balancer that discovers nothing", load({ discovery: undefined, load: ewma })],
  ["with an unknown filter", http({ ...rule, filters: [{}] })],
  ["with an unknown match", http({ ...rule, matches: [{ path: {} }] })],
  ["with an unknown opaque filter", opaque({ ...rule, filters: [{}] })],
  ["with two opaque rules", opaque(rule, { rules: [rule, rule] })],
  [
    "with two opaque routes",
    { case: "opaque", value: { routes: [{ metadata, rules: [rule] }, {}] } },
  ],
  ["with a TLS route without rules", { case: "tls", value: { routes: [{ metadata }] } }],
])("ERR18: a policy %s is invalid", (_, kind, over = {}) => {
  expect(read(kind, over).protocol).toMatchObject({ type: "invalid" });
});

test("P30: a load with penalties has Linkerd's defaults, and one without has none", () => {
  const targetOf = (kind: object): unknown => {
    const { protocol } = read(load({ load: kind }));
    return (
      protocol.type === "http1" &&
      protocol.routes[0]?.rules[0]?.distribution.choices[0]?.backend.target
    );
  };
  expect(targetOf({ case: "penaltyPeakEwma", value: {} })).toMatchObject({
    ...{ defaultRttMs: 30, decayMs: 10_000 },
    penalty: { penaltyMs: 5000, maxRetryAfterMs: 300_000 },
  });
  const second = (count: number) => ({ seconds: BigInt(count), nanos: 0 });
  const said = { penalty: second(2), maxRetryAfter: second(60) };
  expect(targetOf({ case: "penaltyPeakEwma", value: said })).toMatchObject({
    penalty: { penaltyMs: 2000, maxRetryAfterMs: 60_000 },
  });
  expect(targetOf(ewma)).not.toHaveProperty("penalty");
});
