/** Frames that cost us more than the peer, counted against named limits. */

import { connectionError, ErrorCode, type Http2Error } from "./http2-error.ts";

/** What may be spent at once, and what comes back each second. */
interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** Streams that the peer opened and then cancelled or broke (rapid reset, MadeYouReset). */
export const RESET_ALLOWANCE: Allowance = { burst: 1000, perSecond: 100 };

/** PING, SETTINGS, GOAWAY, PRIORITY, empty DATA, late HEADERS, unknown frames, and more WINDOW_UPDATEs than WINDOW_UPDATES_PER_DATA. */
export const CONTROL_ALLOWANCE: Allowance = { burst: 2000, perSecond: 200 };

/** WINDOW_UPDATEs that a peer may send for each DATA frame it got, of stream and connection together. Envoy's value. */
export const WINDOW_UPDATES_PER_DATA = 10;

/** At most so many of them are saved up. */
export const WINDOW_UPDATE_BURST = 20_000;

/** Answers that wait to be taken by a peer who causes them faster than it reads: PING and SETTINGS acknowledged, resets. */
export const REPLY_QUEUE_LIMIT = 1000;

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
    // Time stands still within a chunk: only its first frame fills. What idles is filled before it spends, or it has two bursts.
    if (nowMs !== this.#filledMs) this.#fill(nowMs);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Gives one back for honest work, up to the burst. */
  earn(): void {
    if (this.#left < this.#allowance.burst) this.#left += 1;
  }

  #fill(nowMs: number): void {
    const back = ((nowMs - this.#filledMs) / 1000) * this.#allowance.perSecond;
    this.#left = Math.min(this.#allowance.burst, this.#left + back);
    this.#filledMs = nowMs;
  }
}

/** Both budgets of a connection; what is overdrawn ends it with ENHANCE_YOUR_CALM. */
export class PeerBudgets {
  readonly #resets: Budget;
  readonly #control: Budget;
  #windowUpdates = 0;
  #dataFrames = 0;
  #replies = 0;
  /** Monotonic; set with every chunk that comes in. */
  nowMs: number;

  constructor(nowMs: number, maxResets: number = RESET_ALLOWANCE.burst) {
    this.nowMs = nowMs;
    this.#resets = new Budget({ ...RESET_ALLOWANCE, burst: maxResets }, nowMs);
    this.#control = new Budget(CONTROL_ALLOWANCE, nowMs);
  }

  /** A stream was cancelled or broken by the peer. */
  spendReset(): void {
    if (!this.#resets.spend(this.nowMs)) throw calm("too many streams were reset");
  }

  /** The peer made us reset a stream. */
  spendBrokenStream(): void {
    this.spendReset();
    this.spendReply();
  }

  /** A frame came that does no work. */
  spendControl(): void {
    if (!this.#control.spend(this.nowMs)) throw calm("too many control frames");
  }

  /** An answer was written that the peer has caused. */
  spendReply(): void {
    this.#replies += 1;
    if (this.#replies > REPLY_QUEUE_LIMIT) throw calm("too many answers wait to be read");
  }

  /** All that was written is on its way. */
  repliesSent(): void {
    this.#replies = 0;
  }

  /** A WINDOW_UPDATE came; `dataFrames` is how many DATA frames were sent to the peer so far. */
  spendWindowUpdate(dataFrames: number): void {
    const earned = (dataFrames - this.#dataFrames) * WINDOW_UPDATES_PER_DATA;
    this.#dataFrames = dataFrames;
    this.#windowUpdates = Math.min(this.#windowUpdates + earned, WINDOW_UPDATE_BURST);
    if (this.#windowUpdates > 0) this.#windowUpdates -= 1;
    else this.spendControl();
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
