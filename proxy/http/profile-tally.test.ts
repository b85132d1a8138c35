import { expect, test } from "bun:test";
import { Registry } from "#lib/metrics/registry.ts";
import type { ProfileRule } from "../policy/profile-rule.ts";
import { answerOf, type HttpScope, outcomeOf } from "../telemetry/http-metrics.ts";
import { ProfileMetrics } from "../telemetry/profile-metrics.ts";
import { ProfileTally } from "./profile-tally.ts";

/** A request of a route, and what is counted of it. */
function taken(direction: "inbound" | "outbound", failures?: ProfileRule["failures"]) {
  const series = new ProfileMetrics(new Registry()).of(direction, { labels: {}, failures });
  const seen: string[] = [];
  const follow = (name: string, scope: HttpScope | undefined): void => {
    if (scope === undefined) return;
    scope.end = (outcome, ms) => {
      const { status, failed } = answerOf(outcome);
      seen.push(`${name} ${status}${failed ? " failed" : ""} ${ms}`);
    };
  };
  follow("tried", series.actual);
  follow("ended", series.effective);
  return { tally: new ProfileTally(series), series, seen };
}
const answer = (status: number, failed = false) => outcomeOf({ status, grpcStatus: -1, failed });

test("MET4, MET5: each try is counted once, and the request as its client sees it", () => {
  const { tally, series, seen } = taken("outbound");
  tally.dispatch();
  tally.tried(answer(503, true));
  tally.tried(answer(503, true));
  tally.dispatch();
  tally.ended(answer(200), 7);
  expect(seen).toEqual(["tried 503 failed 0", "tried 200 0", "ended 200 7"]);
  expect([series.effective.requests.value, series.actual?.requests.value]).toEqual([1, 2]);
});

test("a request that was never tried, and one of inbound, have no tries", () => {
  const refused = taken("outbound");
  refused.tally.ended(answer(429), 1);
  const inbound = taken("inbound");
  inbound.tally.dispatch();
  inbound.tally.ended(answer(200), 2);
  expect([refused.seen, inbound.seen]).toEqual([["ended 429 1"], ["ended 200 2"]]);
});

test("what fails is what the route says, else what fails by default; no answer always does", () => {
  const own = taken("outbound", { statuses: [{ first: 404, last: 404 }], codes: [] }).tally;
  const { tally } = taken("outbound");
  expect([404, 500, 0].map((status) => tally.isFailure(status, -1))).toEqual([false, true, true]);
  expect([404, 500, 0].map((status) => own.isFailure(status, -1))).toEqual([true, false, true]);
});
