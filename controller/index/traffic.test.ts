import { expect, test } from "bun:test";
import { toParentTraffic, toRouteTraffic } from "./traffic.ts";

const BREAKER = "balancer.linkerd.io/failure-accrual";
const ALPHA = "balancer.alpha.linkerd.io/";

test.each([
  ["5xx", [{ from: 500, to: 599 }]],
  ["gateway-error", [{ from: 502, to: 504 }]],
  [
    "429,500-503",
    [
      { from: 429, to: 429 },
      { from: 500, to: 503 },
    ],
  ],
])("OUT13: retries of %p", (http, conditions) => {
  const faults: string[] = [];
  const { httpRetry, grpcRetry } = toRouteTraffic({ "retry.linkerd.io/http": http }, faults);
  expect(httpRetry).toEqual({ limit: 1, timeoutMs: undefined, conditions });
  expect([grpcRetry, faults]).toEqual([undefined, []]);
});

test("OUT13: any of the four switches retries on; zeros are none", () => {
  const read = (name: string, value: string) =>
    toRouteTraffic({ [`retry.linkerd.io/${name}`]: value }, []);
  expect(read("limit", "3").httpRetry).toEqual({ limit: 3, timeoutMs: undefined, conditions: [] });
  expect(read("timeout", "300ms").grpcRetry).toMatchObject({ limit: 1, timeoutMs: 300 });
  expect(read("grpc", "cancelled,unavailable").grpcRetry).toMatchObject({
    conditions: ["cancelled", "unavailable"],
  });
  expect(read("grpc", "cancelled").httpRetry).toBeUndefined();
  expect(read("limit", "0").httpRetry).toBeUndefined();
  expect(read("timeout", "0s").httpRetry).toBeUndefined();
  expect(toRouteTraffic(undefined, [])).toEqual({
    httpRetry: undefined,
    grpcRetry: undefined,
    timeouts: undefined,
  });
});

test("OUT8: limits of time; what is not said is undefined", () => {
  const timeouts = { "timeout.linkerd.io/response": "2s", "timeout.linkerd.io/idle": "0" };
  expect(toRouteTraffic(timeouts, []).timeouts).toEqual({
    requestMs: undefined,
    responseMs: 2000,
    idleMs: undefined,
  });
});

test.each([
  ["retry.linkerd.io/http", "5xx, 600"],
  ["retry.linkerd.io/http", "503-500"],
  ["retry.linkerd.io/grpc", "cancelled,what"],
  ["retry.linkerd.io/limit", "65536"],
  ["retry.linkerd.io/limit", "-1"],
  ["retry.linkerd.io/timeout", "soon"],
  ["timeout.linkerd.io/request", "1m30s"],
  [BREAKER, "sometimes"],
  [`${ALPHA}penalize-failures`, "maybe"],
])("OUT13: %s: %p counts for nothing, and is told", (key, value) => {
  const faults: string[] = [];
  const nothing = toParentTraffic({}, []);
  expect(toParentTraffic({ [key]: value }, faults)).toEqual(nothing);
  expect(faults).toEqual([`annotation ${key} cannot be read: ${value}`]);
});

test("OUT13: failures in a row, by default and by annotations", () => {
  const read = (over: Record<string, string>) =>
    toParentTraffic({ [BREAKER]: "consecutive", ...over }, []).accrual;
  expect(read({})).toEqual({
    maxFailures: 7,
    penalties: { minMs: 1000, maxMs: 60_000, jitter: 0.5 },
    unified: undefined,
  });
  const own = {
    [`${BREAKER}-consecutive-max-failures`]: "3",
    [`${BREAKER}-consecutive-min-penalty`]: "500ms",
    [`${BREAKER}-consecutive-max-penalty`]: "2m",
    [`${BREAKER}-consecutive-jitter-ratio`]: "0.25",
  };
  expect(read(own)).toMatchObject({
    maxFailures: 3,
    penalties: { minMs: 500, maxMs: 120_000, jitter: 0.25 },
  });
  const faults: string[] = [];
  const bad = { [BREAKER]: "consecutive", [`${BREAKER}-consecutive-min-penalty`]: "2m" };
  expect(toParentTraffic(bad, faults).accrual).toBeUndefined();
  expect(faults).toEqual([
    `annotation ${BREAKER}-consecutive-max-penalty is below the least penalty: 60000ms`,
  ]);
});

test("OUT13: unified: also by the share of successes", () => {
  const read = (over: Record<string, string>, faults: string[] = []) =>
    toParentTraffic({ [BREAKER]: "unified", ...over }, faults).accrual?.unified;
  const defaults = { threshold: 0.8, windowMs: 10_000, minRequests: 5, honorRetryAfter: false };
  expect(read({})).toEqual(defaults);
  const key = `${ALPHA}failure-accrual-`;
  const own = {
    [`${key}success-rate-threshold`]: "0.5",
    [`${key}success-rate-window`]: "30s",
    [`${key}success-rate-min-requests`]: "20",
    [`${key}honor-retry-after`]: "T",
  };
  expect(read(own)).toEqual({
    ...{ threshold: 0.5, windowMs: 30_000, minRequests: 20, honorRetryAfter: true },
  });
  const faults: string[] = [];
  const bad = {
    [`${key}success-rate-threshold`]: "1.5",
    [`${key}success-rate-window`]: "9ms",
    [`${key}honor-retry-after`]: "yes",
  };
  expect(read(bad, faults)).toEqual(defaults);
  expect(faults).toHaveLength(3);
});

test("OUT7: failures weigh on load where that is asked for", () => {
  const read = (over: Record<string, string>) => toParentTraffic(over, []).load;
  const on = { [`${ALPHA}penalize-failures`]: "true" };
  expect(read(on)).toEqual({ penaltyMs: 5000, maxRetryAfterMs: 300_000 });
  const own = {
    [`${ALPHA}load-biaser-penalty`]: "1s",
    [`${ALPHA}load-biaser-max-retry-after`]: "1m",
  };
  expect(read({ ...on, ...own })).toEqual({ penaltyMs: 1000, maxRetryAfterMs: 60_000 });
  expect(read(own)).toBeUndefined();
  expect(read({ [`${ALPHA}penalize-failures`]: "0" })).toBeUndefined();
});
