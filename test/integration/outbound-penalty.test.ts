import { afterAll, beforeAll, expect, test } from "bun:test";
import type { FakeBackend } from "../fake/control-plane.ts";
import {
  first,
  METADATA,
  OutboundBed,
  type PolicyMessage,
  policyOf,
} from "../fake/outbound-bed.ts";

/** Of two endpoints both are always compared, so the load alone decides. */
const bed = new OutboundBed();

beforeAll(() => bed.start());
afterAll(() => bed.stop());

const seconds = (count: number) => ({ seconds: BigInt(count), nanos: 0 });
const PENALTY = {
  case: "penaltyPeakEwma",
  value: { penalty: seconds(5), maxRetryAfter: seconds(300) },
};
const PLAIN = { case: "peakEwma", value: { defaultRtt: seconds(1), decay: seconds(10) } };

const balanced =
  (load: object, over: object = {}, rule: object = {}) =>
  (backend: FakeBackend): PolicyMessage => {
    const { kind } = backend as { kind: { value: object } };
    const loaded = { ...backend, kind: { ...kind, value: { ...kind.value, load } } };
    const rules = [{ backends: first({ backend: loaded }), ...rule }];
    const routes = [{ metadata: METADATA, rules }];
    return policyOf({ case: "http1", value: { routes, ...over } });
  };

/** Two applications, one of which is busy; how many of so many requests it was asked. */
async function askedOfBusy(
  load: object,
  count: number,
  headers: Record<string, string> = {},
): Promise<number> {
  let asked = 0;
  const busy = await bed.app((_, response) => {
    asked++;
    response.writeHead(429, headers).end();
  });
  const well = await bed.app((_, response) => void setTimeout(() => response.end(), 5));
  const service = bed.service(balanced(load), busy, well);
  for (let i = 0; i < count; i++) await (await bed.call(service)).text();
  return asked;
}

test("P30: an endpoint that answers 429 at once is left for one that works", async () => {
  expect(await askedOfBusy(PLAIN, 10)).toBeGreaterThan(1);
  expect(await askedOfBusy(PENALTY, 10)).toBeLessThanOrEqual(1);
});

test("P30, P37: while nobody else is there, 429 counts for the circuit breaker all the same", async () => {
  let asked = 0;
  const busy = await bed.app((_, response) => {
    asked++;
    response.writeHead(429, { "retry-after": "60" }).end();
  });
  const backoff = { minBackoff: seconds(60), maxBackoff: seconds(60) };
  const failureAccrual = {
    kind: {
      case: "unified",
      value: { successRateThreshold: 0.8, minRequests: 5, maxConsecutiveFailures: 2, backoff },
    },
  };
  const service = bed.service(balanced(PENALTY, { failureAccrual }), busy);
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push((await bed.call(service)).status);
  // Five are a rate; two in a row were none, as they are no failures.
  expect([statuses, asked]).toEqual([[429, 429, 429, 429, 429], 5]);
  expect([(await bed.call(service)).status, asked]).toEqual([504, 5]);
});

test("P29, E3: an endpoint that never answers is a slow one, however soon its requests are given up", async () => {
  let asked = 0;
  const stuck = await bed.app(() => {
    asked++;
  });
  const well = await bed.app((_, response) => void response.end());
  const millis = (count: number) => ({ seconds: 0n, nanos: count * 1_000_000 });
  const load = { case: "peakEwma", value: { defaultRtt: millis(10), decay: seconds(10) } };
  const rule = { timeouts: { request: millis(50) } };
  const service = bed.service(balanced(load, {}, rule), stuck, well);
  for (let i = 0; i < 10; i++) await (await bed.call(service)).text();
  expect(asked).toBeLessThanOrEqual(1);
  const open = bed.service(balanced(load), stuck, well);
  asked = 0;
  for (let i = 0; i < 10; i++)
    await bed.call(open, "/", { signal: AbortSignal.timeout(50) }).catch(() => undefined);
  expect(asked).toBeLessThanOrEqual(1);
});
