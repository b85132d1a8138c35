/** What is counted of one request by the route of a ServiceProfile: as its client sees it, and each of its tries. */

import { isRetryable } from "../policy/retry-rule.ts";
import type { Outcome } from "../telemetry/http-metrics.ts";
import type { ProfileSeries } from "../telemetry/profile-metrics.ts";
import { answerClass } from "./classify.ts";

/** Made for a request that such a route takes, which is counted then. */
export class ProfileTally {
  readonly #series: ProfileSeries;
  /** A try is under way, and such are counted. */
  #trying = false;

  constructor(series: ProfileSeries) {
    this.#series = series;
    series.effective.requests.value += 1;
  }

  /** By the route's response classes, where it has some; `status` is 0 where there was no answer. */
  isFailure(status: number, grpcStatus: number): boolean {
    const { failures } = this.#series;
    if (failures === undefined || status === 0)
      return answerClass(status, grpcStatus) === "failure";
    return isRetryable(failures, status, grpcStatus);
  }

  /** A try begins. */
  dispatch(): void {
    const { actual } = this.#series;
    if (actual === undefined) return;
    actual.requests.value += 1;
    this.#trying = true;
  }

  /** What came of the try under way, if there is one. How long tries take is not counted (MET5). */
  tried(outcome: Outcome): void {
    if (!this.#trying) return;
    this.#trying = false;
    this.#series.actual?.end(outcome, 0);
  }

  /** The request is over after so long, and with it the try under way. */
  ended(outcome: Outcome, latencyMs: number): void {
    this.tried(outcome);
    this.#series.effective.end(outcome, latencyMs);
  }
}
