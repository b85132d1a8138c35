/** When a silent HTTP/2 connection is asked for a sign of life, and when it is given up (RFC 9113 §6.7). */

/** Milliseconds. */
export interface KeepAliveLimits {
  /** So long may a peer be silent while streams are open before it is pinged. */
  readonly pendingMs: number;
  /** So long may it be silent without any. */
  readonly idleMs: number;
  /** So long it may take to send anything at all after a ping; then the connection is given up. */
  readonly timeoutMs: number;
}

/** The PING of keep-alive; any bytes that come after it count as its answer. */
export const KEEP_ALIVE_PING: Buffer = Buffer.from("alive?\0\0", "latin1");

/** Counts the silence of one peer, by the ticks that it is given. */
export class KeepAlive {
  readonly #limits: KeepAliveLimits;
  /** Since the peer was last heard. */
  #silentMs = 0;
  /** The part of it in which streams were open. */
  #pendingMs = 0;
  /** Since the ping that nothing has answered; -1 without one. */
  #askedMs = -1;

  constructor(limits: KeepAliveLimits) {
    this.#limits = limits;
  }

  /** Bytes came. */
  heard(): void {
    this.#silentMs = 0;
    this.#pendingMs = 0;
    this.#askedMs = -1;
  }

  /** How long until it says something, were nothing to happen. */
  leftMs(pending: boolean): number {
    const { pendingMs, idleMs, timeoutMs } = this.#limits;
    if (this.#askedMs >= 0) return timeoutMs - this.#askedMs;
    const idleLeftMs = idleMs - this.#silentMs;
    return pending ? Math.min(pendingMs - this.#pendingMs, idleLeftMs) : idleLeftMs;
  }

  /** Time has passed; `pending`: streams are open. Says what is to be done now. */
  tick(elapsedMs: number, pending: boolean): "nothing" | "ping" | "give-up" {
    if (this.#askedMs >= 0) {
      this.#askedMs += elapsedMs;
      return this.#askedMs >= this.#limits.timeoutMs ? "give-up" : "nothing";
    }
    this.#silentMs += elapsedMs;
    this.#pendingMs = pending ? this.#pendingMs + elapsedMs : 0;
    const { pendingMs, idleMs } = this.#limits;
    if (this.#pendingMs < pendingMs && this.#silentMs < idleMs) return "nothing";
    this.#askedMs = 0;
    return "ping";
  }
}
