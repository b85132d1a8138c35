import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { ResponseHead } from "#lib/http/message.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { RetryBudget } from "#lib/stack/retry-budget.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import type { RetryRule } from "../policy/retry-rule.ts";
import { HostSeries } from "../telemetry/host-series.ts";
import { RetryMetrics } from "../telemetry/retry-metrics.ts";
import { Retry } from "./retry.ts";

const NOTHING = { ended: true, resendable: true, bodyBytes: 0 };

function setup(over: Partial<RetryRule> = {}, budget?: RetryBudget) {
  const clock = new FakeClock();
  const counters = new RetryMetrics(new Registry(), "http").counters({});
  const rule: RetryRule = {
    limit: 2,
    maxRequestBytes: 10,
    statuses: [{ first: 502, last: 502 }],
    codes: [14],
    timeoutMs: undefined,
    backoff: undefined,
    profile: undefined,
    ...over,
  };
  const parts = { budget, counters: new HostSeries(() => counters, false), clock, random: () => 0 };
  const retry = new Retry(rule, parts, "web.test");
  const counted = () => [
    counters.requests.value,
    counters.successes.value,
    counters.limitExceeded.value,
    counters.overflow.value,
  ];
  return { clock, retry, counted };
}

test("P33, MET26: a request is tried again up to its limit, and what became of it is counted", () => {
  const { retry, counted } = setup();
  retry.wantsAnswer(200, -1);
  expect([retry.exhausted, retry.take(NOTHING), retry.take(NOTHING), retry.exhausted]).toEqual([
    false,
    true,
    true,
    true,
  ]);
  expect(counted()).toEqual([2, 0, 0, 0]);
  expect(retry.take(NOTHING)).toBe(false);
  retry.wantsAnswer(200, -1);
  expect(counted()).toEqual([2, 1, 1, 0]);
});

test("P34, MET26: a Service whose budget is spent is not tried again", () => {
  const budget = new RetryBudget({ ratio: 0, minPerSecond: 1, ttlMs: 10_000 }, 0);
  const { retry, counted } = setup({}, budget);
  expect([retry.take(NOTHING), retry.take(NOTHING)]).toEqual([true, false]);
  expect(counted()).toEqual([1, 0, 0, 1]);
});

test("P33: nobody being there is tried again, what an endpoint refused by its status, being shed never", () => {
  const { retry } = setup();
  const kinds = [
    "failfast",
    "headers-timeout",
    "io",
    "connect-timeout",
    "loadshed",
    "no-route",
    "request-timeout",
  ] as const;
  expect(kinds.filter((kind) => retry.wantsError(kind, false))).toEqual([
    "failfast",
    "headers-timeout",
    "io",
  ]);
  expect(setup({ statuses: [], codes: [] }).retry.wantsError("io", false)).toBe(false);
  const profile = { budget: { ratio: 1, minPerSecond: 1, ttlMs: 1000 }, labels: {} };
  expect(setup({ profile }).retry.wantsError("failfast", false)).toBe(false);
  expect([
    retry.wantsAnswer(502, -1),
    retry.wantsAnswer(200, 14),
    retry.wantsAnswer(200, -1),
  ]).toEqual([true, true, false]);
});

test("P33: a connection that fails is judged as it is answered: a call by its code, what is no call by its status", () => {
  const wants = (over: Partial<RetryRule>): readonly boolean[] => {
    const { retry } = setup({ statuses: [], codes: [], ...over });
    return [retry.wantsError("io", false), retry.wantsError("io", true)];
  };
  expect(wants({ codes: [14] })).toEqual([false, true]);
  expect(wants({ statuses: [{ first: 502, last: 502 }] })).toEqual([true, false]);
  expect(wants({ statuses: [{ first: 200, last: 200 }] })).toEqual([false, true]);
});

test("P33: tries wait longer and longer, and no longer than the request lives", () => {
  const { clock, retry } = setup({ backoff: { minMs: 25, maxMs: 40, jitter: 1 } });
  const waits: (number | undefined)[] = [];
  for (let count = 0; count < 3; count++) {
    retry.wait(() => undefined);
    waits.push(clock.nextMs);
    clock.advance(100);
  }
  expect(waits).toEqual([25, 40, 40]);
  retry.wait(() => undefined);
  retry.stop();
  expect(clock.nextMs).toBeUndefined();
  let woken = false;
  setup().retry.wait(() => {
    woken = true;
  });
  expect(woken).toBe(true);
});

test("P33: a body that is not kept, or longer than the rule has it, goes out once and is not counted", () => {
  const { retry, counted } = setup({ maxRequestBytes: 10 });
  expect(retry.take({ ...NOTHING, resendable: false })).toBe(false);
  expect(retry.take({ ...NOTHING, ended: false })).toBe(false);
  expect(retry.take({ ...NOTHING, bodyBytes: 11 })).toBe(false);
  expect(counted()).toEqual([0, 0, 0, 0]);
  expect(retry.take({ ...NOTHING, bodyBytes: 10 })).toBe(true);
});

test("P33: the head of a call's answer is held back while its code is not known", () => {
  const head = (status: number, version: "HTTP/1.1" | "HTTP/2" = "HTTP/2"): ResponseHead => ({
    status,
    version,
    headers: new HeaderList(),
  });
  const { retry } = setup();
  const call = { grpc: true, attempt: NOTHING };
  const once = (over: object) => ({ grpc: true, attempt: { ...NOTHING, ...over } });
  expect(retry.holds(head(200), false, call)).toBe(true);
  expect([retry.release()?.status, retry.release()]).toEqual([200, undefined]);
  expect(retry.holds(head(200), true, call)).toBe(false);
  expect(retry.holds(head(200), false, { ...call, grpc: false })).toBe(false);
  for (const over of [{ ended: false }, { resendable: false }, { bodyBytes: 11 }])
    expect(retry.holds(head(200), false, once(over))).toBe(false);
  expect(retry.holds(head(502), false, call)).toBe(false);
  expect(retry.holds(head(200, "HTTP/1.1"), false, call)).toBe(false);
  expect(setup({ codes: [] }).retry.holds(head(200), false, call)).toBe(false);
  retry.holds(head(200), false, call);
  retry.wait(() => undefined);
  expect(retry.release()).toBeUndefined();
});
