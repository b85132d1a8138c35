import { expect, test } from "bun:test";
import { NO_TRAFFIC, plainRoute } from "../../test/fake/outbound-world.ts";
import type { OutboundParent, Resolving } from "./outbound-backends.ts";
import { resolveGrpc, resolveHttp, resolveStream } from "./outbound-routes.ts";
import type { GrpcRoute, HttpRoute, RouteRule, StreamRoute } from "./route.ts";
import type { ParentTraffic, RouteTraffic } from "./traffic.ts";

const at = { name: "web", namespace: "shop", port: 80 };
const rule: RouteRule<never> = {
  ...{ matches: [], filters: [], backends: [], fault: undefined },
  timeouts: { requestMs: undefined, backendRequestMs: undefined },
};
const retry = (limit: number) => ({ limit, timeoutMs: undefined, conditions: [] });
const by = (traffic: Partial<ParentTraffic> = {}): Resolving => {
  const parent: OutboundParent = {
    ref: { type: "object", group: "core", kind: "Service", ...at },
    target: { type: "balancer", ...at, load: { penaltyMs: 1, maxRetryAfterMs: 1 } },
    traffic: { ...NO_TRAFFIC, ...traffic },
  };
  return { parent, objects: { hasService: () => true, hasEgressNetwork: () => false } };
};
const http = (over: Partial<RouteRule<never>>, traffic: Partial<RouteTraffic> = {}) => ({
  route: { ...plainRoute("r"), rules: [{ ...rule, ...over }] } as HttpRoute,
  traffic: { ...NO_TRAFFIC, ...traffic },
});
const limits = (requestMs?: number, responseMs?: number, idleMs?: number) => ({
  requestMs,
  responseMs,
  idleMs,
});
const asked = (requestMs: number) => ({ timeouts: { requestMs, backendRequestMs: undefined } });

test.each([
  ["nothing", {}, {}, {}, undefined],
  ["the Service", {}, {}, { timeouts: limits(1, 2, 3) }, limits(1, 2, 3)],
  ["the rule", asked(9), {}, { timeouts: limits(1, 2, 3) }, limits(9)],
  ["the rule, that there is none", asked(0), {}, { timeouts: limits(1, 2, 3) }, limits()],
  ["annotations", asked(9), { timeouts: limits(8) }, { timeouts: limits(1, 2) }, limits(8)],
  ["both", asked(9), { timeouts: limits(undefined, 7) }, {}, limits(9, 7)],
])("OUT8: limits as said by %s", (_, over, traffic, parent, expected) => {
  const [resolved] = resolveHttp(http(over, traffic), by(parent)).rules;
  expect(resolved?.timeouts).toEqual(expected as never);
});

test("OUT8: retries as said by the route, else by the Service, for each kind its own", () => {
  const parent = by({ httpRetry: retry(1), grpcRetry: retry(2) });
  const own = { httpRetry: retry(3), grpcRetry: retry(4) };
  const grpc = (traffic: Partial<RouteTraffic>) => ({
    ...http({}, traffic),
    route: http({}).route as unknown as GrpcRoute,
  });
  expect(resolveHttp(http({}), parent).rules[0]?.retry?.limit).toBe(1);
  expect(resolveHttp(http({}, own), parent).rules[0]?.retry?.limit).toBe(3);
  expect(resolveGrpc(grpc({}), parent).rules[0]?.retry?.limit).toBe(2);
  expect(resolveGrpc(grpc(own), parent).rules[0]?.retry?.limit).toBe(4);
});

test("OUT7: connections have no retries and no load to weigh; not one rule is refused", () => {
  const stream = (...rules: RouteRule<never>[]) => ({
    ...http({}),
    route: { ...plainRoute("t"), kind: "TCPRoute", rules } as StreamRoute,
  });
  const parent = by({ httpRetry: retry(1) });
  const [one] = resolveStream(stream(rule), parent).rules;
  expect(one).toMatchObject({ retry: undefined, backends: [{ target: { load: undefined } }] });
  for (const route of [stream(), stream(rule, rule)])
    expect(resolveStream(route, parent).rules).toMatchObject([
      { filters: [{ type: "refuse", message: "TCPRoute must have one rule" }] },
    ]);
});
