/** A request that may be tried again: how often it was, and whether it may be once more. */

import type { ResponseHead } from "#lib/http/message.ts";
import type { RetryBudget } from "#lib/stack/retry-budget.ts";
import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import { isRetryable, type RetryRule } from "../policy/retry-rule.ts";
import type { HostSeries } from "../telemetry/host-series.ts";
import type { RetryCounters } from "../telemetry/retry-metrics.ts";
import type { Attempt } from "./attempt.ts";
import { ANSWERS, type ErrorKind } from "./rescue.ts";

/** What all requests of a rule share. */
export interface RetryParts {
  /** Of the Service; undefined where there is none to keep to. */
  readonly budget: RetryBudget | undefined;
  readonly counters: HostSeries<RetryCounters>;
  readonly clock: Clock;
  readonly random: () => number;
}

/** What has been sent of a request. */
type Sent = Pick<Attempt, "ended" | "resendable" | "bodyBytes">;

/** The retries of one request. */
export class Retry {
  readonly rule: RetryRule;
  readonly #parts: RetryParts;
  readonly #authority: string;
  #count = 0;
  #backoff: Backoff | undefined;
  #timer: Timer | undefined;
  #held: ResponseHead | undefined;

  /** `authority`: what the request names as its host. */
  constructor(rule: RetryRule, parts: RetryParts, authority: string) {
    this.rule = rule;
    this.#parts = parts;
    this.#authority = authority;
    parts.budget?.deposit(parts.clock.now());
  }

  get #counters(): RetryCounters {
    return this.#parts.counters.of(this.#authority);
  }

  /** Whether no retry is left. */
  get exhausted(): boolean {
    return this.#count >= this.rule.limit;
  }

  /** Whether a try is the last, as far as what was sent of it tells: what cannot be sent again goes out once. */
  isLast(sent: Sent): boolean {
    return this.exhausted || (sent.ended && !this.#isWhole(sent));
  }

  /**
   * Holds the head of a call's answer back: its code may come after it, and as long as nothing else has come, the call
   * can still be tried again. Not where it goes out once: its client may wait for the head to send the rest.
   */
  holds(
    head: ResponseHead,
    end: boolean,
    { grpc, attempt }: { readonly grpc: boolean; readonly attempt: Sent },
  ): boolean {
    if (!grpc || end || this.rule.codes.length === 0 || head.version !== "HTTP/2") return false;
    if (!this.#isWhole(attempt) || isRetryable(this.rule, head.status, -1)) return false;
    this.#held = head;
    return true;
  }

  /** The head that was held back. */
  release(): ResponseHead | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held;
  }

  /** Whether an answer is one to try again; `grpcStatus` is -1 where it has none that is known. */
  wantsAnswer(status: number, grpcStatus: number): boolean {
    const wants = isRetryable(this.rule, status, grpcStatus);
    if (!wants && this.#count > 0) this.#counters.successes.increment();
    return wants;
  }

  /**
   * Whether an error of ours is: nobody being there or answering always is, a connection that fails by what it is
   * answered with, which of a call (`grpc`) is a code alone.
   */
  wantsError(kind: ErrorKind, grpc: boolean): boolean {
    if (kind === "failfast" || kind === "headers-timeout") return this.rule.profile === undefined;
    if (kind !== "io" && kind !== "connect-timeout") return false;
    const { status, grpcStatus } = ANSWERS[kind];
    return grpc ? isRetryable(this.rule, 200, grpcStatus) : isRetryable(this.rule, status, -1);
  }

  /**
   * Takes one retry of what limit and budget leave, and counts what became of it. What has not come as a whole, is
   * not kept, or is longer than the rule has it, goes out once.
   */
  take(sent: Sent): boolean {
    const { budget, clock } = this.#parts;
    if (!this.#isWhole(sent)) return false;
    if (this.exhausted) {
      this.#counters.limitExceeded.increment();
      return false;
    }
    if (budget?.withdraw(clock.now()) === false) {
      this.#counters.overflow.increment();
      return false;
    }
    this.#count++;
    this.#counters.requests.increment();
    return true;
  }

  /** Whether all of a request is there to be sent again. */
  #isWhole({ ended, resendable, bodyBytes }: Sent): boolean {
    return ended && resendable && bodyBytes <= this.rule.maxRequestBytes;
  }

  /** Calls back when it is time for the next try. */
  wait(wake: () => void): void {
    const { backoff } = this.rule;
    this.#held = undefined;
    if (backoff === undefined) {
      wake();
      return;
    }
    const { clock, random } = this.#parts;
    this.#backoff ??= createBackoff({ ...backoff, random });
    this.#timer = clock.after(this.#backoff.next(), wake);
  }

  /** The request is over. */
  stop(): void {
    this.#timer?.cancel();
  }
}
