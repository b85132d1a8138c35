import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  Bucket,
  COUNTED_CLIENTS_LIMIT,
  type RateLimit,
  RateLimiter,
  takeRequest,
} from "./rate-limit.ts";

const limit = (over: Partial<RateLimit>): RateLimit => ({
  ...{ labels: { group: "", kind: "", name: "" }, total: 0, identity: 0, overrides: [] },
  ...over,
});

/** How many of so many requests in one moment pass. */
function pass(limiter: RateLimiter, client: string | undefined, { count = 100, nowMs = 0 } = {}) {
  const limits = limiter.acquire(client, nowMs);
  const answers = Array.from({ length: count }, () => takeRequest(limits, nowMs));
  return {
    passed: answers.filter((answer) => answer === undefined).length,
    refused: answers.find((answer) => answer !== undefined),
  };
}

test("P41: no window of time has more than its rate and one burst", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }),
      (perSecond, waits) => {
        const bucket = new Bucket(perSecond);
        const taken: number[] = [];
        let nowMs = 0;
        for (const wait of waits) {
          nowMs += wait;
          if (bucket.take(nowMs)) taken.push(nowMs);
        }
        for (const [from, startMs] of taken.entries())
          for (const [to, endMs] of taken.entries())
            if (to > from) {
              const most = perSecond + ((endMs - startMs) * perSecond) / 1000;
              expect(to - from + 1).toBeLessThanOrEqual(Math.floor(most + 1e-6));
            }
      },
    ),
    { numRuns: 50 },
  );
});

test("P41: a second's worth passes at once, then one for each interval", () => {
  const bucket = new Bucket(4);
  const at = (nowMs: number): boolean => bucket.take(nowMs);
  expect([0, 0, 0, 0, 0].map(at)).toEqual([true, true, true, true, false]);
  expect([249, 250, 250, 500].map(at)).toEqual([false, true, false, true]);
  expect([bucket.isFull(1499), bucket.isFull(1500)]).toEqual([false, true]);
});

test("P41: all requests count first, then an override in place of the client's own", () => {
  const limiter = new RateLimiter(
    limit({ total: 30, identity: 5, overrides: [{ limit: 12, clients: ["a", "b"] }] }),
  );
  expect(pass(limiter, "a", { count: 10 })).toEqual({ passed: 10, refused: undefined });
  expect(pass(limiter, "b", { count: 3 })).toEqual({ passed: 2, refused: "identity" });
  expect(pass(limiter, "c", { count: 10 })).toEqual({ passed: 5, refused: "identity" });
  // 23 have been counted, also those that the client's own limit refused.
  expect(pass(limiter, "d")).toEqual({ passed: 5, refused: "identity" });
  expect(pass(limiter, "e")).toEqual({ passed: 0, refused: "total" });
});

test("P41: clients without an identity share one bucket; connections of one client share its own", () => {
  const limiter = new RateLimiter(limit({ identity: 5 }));
  expect([pass(limiter, undefined).passed, pass(limiter, undefined).passed]).toEqual([5, 0]);
  expect([pass(limiter, "a").passed, pass(limiter, "a").passed]).toEqual([5, 0]);
  expect(pass(limiter, "a", { nowMs: 1000 }).passed).toBe(5);
});

test("P41: without limits, and by an override of none, everything passes", () => {
  expect(pass(new RateLimiter(limit({})), "a").passed).toBe(100);
  const limiter = new RateLimiter(
    limit({ identity: 1, overrides: [{ limit: 0, clients: ["a"] }] }),
  );
  expect([pass(limiter, "a").passed, pass(limiter, "b").passed]).toEqual([100, 1]);
});

test("identities beyond COUNTED_CLIENTS_LIMIT share a bucket, until others are gone and have rested", () => {
  const limiter = new RateLimiter(limit({ identity: 2 }));
  const held = limiter.acquire("held", 0);
  for (let index = 1; index < COUNTED_CLIENTS_LIMIT; index++) {
    const limits = limiter.acquire(`client-${index}`, 0);
    takeRequest(limits, 0);
    limiter.release(limits);
  }
  expect([pass(limiter, "late").passed, pass(limiter, "later").passed]).toEqual([2, 0]);
  // Nobody's bucket is full yet.
  expect(limiter.acquire("late", 400)).toEqual(limiter.acquire(undefined, 400));
  expect(pass(limiter, "late", { nowMs: 2000 }).passed).toBe(2);
  expect(pass(limiter, "later", { nowMs: 2000 }).passed).toBe(2);
  // Whoever is still connected is not forgotten.
  expect(limiter.acquire("held", 2000).own).toBe(held.own);
});
