/** Frames that cost us more than the peer, counted against named limits. */

import { connectionError, ErrorCode, type Http2Error } from "./http2-error.ts";

/** What may be spent at once, and what comes back each second. */
interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** Streams that the peer opened and then cancelled or broke (rapid reset, MadeYouReset). */
export const RESET_ALLOWANCE: Allowance = { burst: 1000, perSecond: 100 };

/** PING, SETTINGS, PRIORITY, empty DATA, unknown frames and WINDOW_UPDATE of no use. */
export const CONTROL_ALLOWANCE: Allowance = { burst: 2000, perSecond: 200 };

/** CONTINUATION frames in one header block. */
export const CONTINUATION_LIMIT = 32;

/** A header block longer than this, over all its frames, is refused. */
export const BLOCK_LIMIT_BYTES: number = 128 * 1024;

/** A bucket that refills with time. */
export class Budget {
  readonly #allowance: Allowance;
  #left: number;
  #filledMs: number;

  constructor(allowance: Allowance, nowMs: number) {
    this.#allowance = allowance;
    this.#left = allowance.burst;
    this.#filledMs = nowMs;
  }

  /** Spends one; false where nothing is left. */
  spend(nowMs: number): boolean {
    if (this.#left < 1) {
      const back = ((nowMs - this.#filledMs) / 1000) * this.#allowance.perSecond;
      this.#left = Math.min(this.#allowance.burst, this.#left + back);
      this.#filledMs = nowMs;
      if (this.#left < 1) return false;
    }
    this.#left -= 1;
    return true;
  }

  /** Gives one back for honest work, up to the burst. */
  earn(): void {
    if (this.#left < this.#allowance.burst) this.#left += 1;
  }
}

/** Both budgets of a connection; what is overdrawn ends it with ENHANCE_YOUR_CALM. */
export class PeerBudgets {
  readonly #resets: Budget;
  readonly #control: Budget;
  /** Monotonic; set with every chunk that comes in. */
  nowMs: number;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
    this.#resets = new Budget(RESET_ALLOWANCE, nowMs);
    this.#control = new Budget(CONTROL_ALLOWANCE, nowMs);
  }

  /** A stream was cancelled or broken by the peer. */
  spendReset(): void {
    if (!this.#resets.spend(this.nowMs)) throw calm("too many streams were reset");
  }

  /** A frame came that does no work. */
  spendControl(): void {
    if (!this.#control.spend(this.nowMs)) throw calm("too many control frames");
  }

  /** A stream ended as it should. */
  earn(): void {
    this.#resets.earn();
    this.#control.earn();
  }
}

function calm(what: string): Http2Error {
  return connectionError(ErrorCode.ENHANCE_YOUR_CALM, `Cannot go on: ${what}`);
}
