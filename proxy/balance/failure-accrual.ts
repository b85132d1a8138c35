/** The circuit breaker of one endpoint (P36, P37): failures shut it, after a wait one request may show that it is well. */

import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import type { AccrualRule } from "../policy/accrual-rule.ts";
import { SuccessWindow } from "./success-window.ts";

/** What an answer says of its endpoint; `limited`: it asks for fewer requests, which is bad for the share alone. */
export type AnswerClass = "success" | "failure" | "limited";

/** What an endpoint admits: all requests, none, or one (a probe). */
export type Gate = "open" | "shut" | "probation";

/** Takes in answers and says what is admitted; whoever has it waits where it says so. */
export class FailureAccrual {
  readonly #rule: AccrualRule;
  readonly #backoff: Backoff;
  readonly #window: SuccessWindow | undefined;
  #gate: Gate = "open";
  #inARow = 0;
  #probing = false;

  constructor(
    rule: AccrualRule,
    { random, nowMs }: { readonly random: () => number; readonly nowMs: number },
  ) {
    this.#rule = rule;
    this.#backoff = createBackoff({ ...rule.backoff, random });
    this.#window = rule.successRate && new SuccessWindow(rule.successRate.windowMs, nowMs);
  }

  get gate(): Gate {
    return this.#gate;
  }

  /** Whether a request may be sent now. */
  get admits(): boolean {
    return this.#gate === "open" || (this.#gate === "probation" && !this.#probing);
  }

  /** A request is sent; true where it is the probe. */
  begin(): boolean {
    if (this.#gate !== "probation" || this.#probing) return false;
    this.#probing = true;
    return true;
  }

  /** An answer came; milliseconds to wait where it shut the endpoint, then `waited`. */
  answered(
    answer: AnswerClass,
    { isProbe, nowMs }: { readonly isProbe: boolean; readonly nowMs: number },
  ): number | undefined {
    if (this.#gate === "open") return this.#isTripped(answer, nowMs) ? this.#shut() : undefined;
    // What was sent before says nothing of how the endpoint is now.
    if (!isProbe || this.#gate === "shut") return undefined;
    this.#probing = false;
    if (!this.#isWell(answer)) return this.#shut();
    this.#gate = "open";
    this.#inARow = 0;
    this.#window?.reset(nowMs);
    this.#backoff.reset();
    return undefined;
  }

  /** The probe ended without an answer that says anything: another request may be it. */
  abandoned(): void {
    this.#probing = false;
  }

  /** The wait is over: one request is admitted. */
  waited(): void {
    this.#gate = "probation";
    this.#probing = false;
  }

  /** Rates ask to be kept also by a probe; where none is watched, they are as good as any answer. */
  #isWell(answer: AnswerClass): boolean {
    return answer === "success" || (answer === "limited" && !this.#rule.unified);
  }

  #isTripped(answer: AnswerClass, nowMs: number): boolean {
    const { maxFailures, successRate } = this.#rule;
    this.#inARow = answer === "failure" ? this.#inARow + 1 : 0;
    this.#window?.record(answer === "success", nowMs);
    if (maxFailures > 0 && this.#inARow >= maxFailures) return true;
    return (
      successRate !== undefined &&
      this.#window !== undefined &&
      this.#window.total >= Math.max(1, successRate.minRequests) &&
      // A product may be above a share that is the threshold exactly: 0.55 * 100 is.
      this.#window.successes / this.#window.total < successRate.threshold
    );
  }

  #shut(): number {
    this.#gate = "shut";
    return this.#backoff.next();
  }
}
