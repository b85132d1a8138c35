import { expect, test } from "bun:test";
import { toParentTraffic, toRouteTraffic } from "./traffic.ts";

const BREAKER = "balancer.linkerd.io/failure-accrual";
const ALPHA = "balancer.alpha.linkerd.io/";

test.each([
  ["5xx", [{ from: 500, to: 599 }]],
  ["gateway-error", [{ from: 502, to: 504 }]],
  [
    "5XX,Gateway-Error",
    [
      { from: 500, to: 599 },
      { from: 502, to: 504 },
    ],
  ],
  [
    "429,500-503",
    [
      { from: 429, to: 429 },
      { from: 500, to: 503 },
    ],
  ],
])("retry.linkerd.io/http, OUT13: retries of %p", (http, conditions) => {
  const faults: string[] = [];
  const { httpRetry, grpcRetry } = toRouteTraffic({ "retry.linkerd.io/http": http }, faults);
  expect(httpRetry).toEqual({ limit: 1, timeoutMs: undefined, conditions });
  expect([grpcRetry, faults]).toEqual([undefined, []]);
});

test("retry.linkerd.io/grpc, retry.linkerd.io/limit, retry.linkerd.io/timeout, OUT13: any of the four switches retries on; zeros are none", () => {
  const read = (name: string, value: string) =>
    toRouteTraffic({ [`retry.linkerd.io/${name}`]: value }, []);
  expect(read("limit", "3").httpRetry).toEqual({ limit: 3, timeoutMs: undefined, conditions: [] });
  expect(read("timeout", "300ms").grpcRetry).toMatchObject({ limit: 1, timeoutMs: 300 });
  expect(read("grpc", "cancelled,unavailable").grpcRetry).toMatchObject({
    conditions: ["cancelled", "unavailable"],
  });
  expect(read("grpc", "Cancelled,UNAVAILABLE").grpcRetry).toMatchObject({
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

test("timeout.linkerd.io/request, timeout.linkerd.io/response, timeout.linkerd.io/idle, OUT8: what is not said is undefined", () => {
  const timeouts = { "timeout.linkerd.io/response": "2s", "timeout.linkerd.io/idle": "0" };
  expect(toRouteTraffic(timeouts, []).timeouts).toEqual({
    requestMs: undefined,
    responseMs: 2000,
    idleMs: undefined,
  });
  const others = { "timeout.linkerd.io/request": "1m", "timeout.linkerd.io/idle": "1500ms" };
  expect(toRouteTraffic(others, []).timeouts).toEqual({
    requestMs: 60_000,
    responseMs: undefined,
    idleMs: 1500,
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
  ["timeout.linkerd.io/request", "99999999999999999999s"],
  ["timeout.linkerd.io/idle", `${"9".repeat(400)}s`],
  ["retry.linkerd.io/timeout", "315576000001s"],
  [BREAKER, "sometimes"],
  [`${ALPHA}penalize-failures`, "maybe"],
])("OUT13: %s: %p counts for nothing, and is told", (key, value) => {
  const faults: string[] = [];
  const nothing = toParentTraffic({}, []);
  expect(toParentTraffic({ [key]: value }, faults)).toEqual(nothing);
  expect(faults).toEqual([`annotation ${key} cannot be read: ${value}`]);
});

const accrualOf = (mode: string, over: Record<string, string> = {}, faults: string[] = []) =>
  toParentTraffic({ [BREAKER]: mode, ...over }, faults).accrual;
const DEFAULTS = {
  maxFailures: 7,
  penalties: { minMs: 1000, maxMs: 60_000, jitter: 0.5 },
  unified: undefined,
};
const UNIFIED = { threshold: 0.8, windowMs: 10_000, minRequests: 5, honorRetryAfter: false };

test("balancer.linkerd.io/failure-accrual, OUT13: failures in a row, or also the share of successes", () => {
  expect(accrualOf("consecutive")).toEqual(DEFAULTS);
  expect(accrualOf("unified")).toEqual({ ...DEFAULTS, unified: UNIFIED });
  expect(toParentTraffic({}, []).accrual).toBeUndefined();
});

test.each([
  ["max-failures", "3", { maxFailures: 3 }],
  ["max-failures", "0", { maxFailures: 0 }],
  ["min-penalty", "500ms", { penalties: { ...DEFAULTS.penalties, minMs: 500 } }],
  ["max-penalty", "2m", { penalties: { ...DEFAULTS.penalties, maxMs: 120_000 } }],
  ["jitter-ratio", "0.25", { penalties: { ...DEFAULTS.penalties, jitter: 0.25 } }],
  ["jitter-ratio", "101", {}],
  ["max-failures", "-1", {}],
])("balancer.linkerd.io/failure-accrual-consecutive-%s: %p", (name, value, expected) => {
  const over = { [`${BREAKER}-consecutive-${name}`]: value };
  for (const mode of ["consecutive", "unified"])
    expect(accrualOf(mode, over)).toMatchObject({
      ...DEFAULTS,
      unified: mode === "unified" ? UNIFIED : undefined,
      ...expected,
    });
});

test("balancer.linkerd.io/failure-accrual-consecutive-min-penalty: above the most there is no breaking", () => {
  const faults: string[] = [];
  const bad = { [`${BREAKER}-consecutive-min-penalty`]: "2m" };
  expect(accrualOf("consecutive", bad, faults)).toBeUndefined();
  expect(faults).toEqual([
    `annotation ${BREAKER}-consecutive-max-penalty is below the least penalty: 60000ms`,
  ]);
});

test.each([
  ["success-rate-threshold", "0.5", { threshold: 0.5 }],
  ["success-rate-threshold", "1.5", {}],
  ["success-rate-window", "30s", { windowMs: 30_000 }],
  ["success-rate-window", "9ms", {}],
  ["success-rate-min-requests", "20", { minRequests: 20 }],
  ["success-rate-min-requests", "1000001", {}],
  ["honor-retry-after", "T", { honorRetryAfter: true }],
  ["honor-retry-after", "yes", {}],
])("balancer.alpha.linkerd.io/failure-accrual-%s: %p", (name, value, expected) => {
  const faults: string[] = [];
  const over = { [`${ALPHA}failure-accrual-${name}`]: value };
  expect(accrualOf("unified", over, faults)?.unified).toEqual({ ...UNIFIED, ...expected });
  expect(faults).toHaveLength(Object.keys(expected).length === 0 ? 1 : 0);
  expect(accrualOf("consecutive", over)).toEqual(DEFAULTS);
});

test("balancer.alpha.linkerd.io/penalize-failures, balancer.alpha.linkerd.io/load-biaser-penalty, balancer.alpha.linkerd.io/load-biaser-max-retry-after, OUT7: failures weigh where that is asked for", () => {
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
