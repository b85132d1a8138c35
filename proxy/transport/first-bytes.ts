/** Waits for the first bytes of a connection until they say enough, or time runs out. */

import { type Ticker, type Ticking, tickerOf } from "#lib/http-io/ticker.ts";
import type { ByteStream, ByteStreamHandler } from "#lib/net/byte-stream.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { Relays } from "./relay.ts";

/** What a look at the bytes so far gives: more are needed, or it is decided. */
export type Look = (bytes: Uint8Array) => boolean;

/** How waiting ends; exactly one is called. */
export interface FirstBytesObserver {
  /** `look` said yes; here are all bytes so far. */
  onDecided(bytes: Uint8Array): void;
  /** Time ran out, or the peer half-closed, before `look` said yes. */
  onUndecided(bytes: Uint8Array, why: "timeout" | "end"): void;
  onClosed(): void;
}

/** Takes the stream's handler until it is decided; whoever is called then must set a handler at once. */
export class FirstBytes implements ByteStreamHandler, Ticking {
  readonly #look: Look;
  readonly #observer: FirstBytesObserver;
  readonly #ticker: Ticker;
  readonly #relays: Pick<Relays, "undecided"> | undefined;
  #isCounted = false;
  #leftMs: number;
  #bytes: Uint8Array;
  #done = false;

  /** `initial` holds bytes read before. */
  constructor(
    stream: ByteStream,
    how: {
      readonly clock: Clock;
      readonly timeoutMs: number;
      readonly look: Look;
      readonly initial: Uint8Array;
      /** Count it once its peer has begun to speak: whoever says nothing holds nobody up. */
      readonly relays?: Pick<Relays, "undecided">;
    },
    observer: FirstBytesObserver,
  ) {
    this.#look = how.look;
    this.#observer = observer;
    this.#bytes = how.initial;
    this.#leftMs = how.timeoutMs;
    this.#relays = how.relays;
    this.#ticker = tickerOf(how.clock);
    this.#ticker.add(this);
    stream.handler = this;
    if (how.initial.length === 0) return;
    if (!this.#look(this.#bytes)) this.#count();
    else if (this.#settle()) observer.onDecided(this.#bytes);
  }

  onData(chunk: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (this.#look(this.#bytes)) {
      if (this.#settle()) this.#observer.onDecided(this.#bytes);
      return;
    }
    if (this.#bytes === chunk) this.#bytes = new Uint8Array(chunk);
    this.#count();
  }

  #count(): void {
    if (this.#relays === undefined || this.#isCounted || this.#done) return;
    this.#isCounted = true;
    this.#relays.undecided++;
  }

  tick(elapsedMs: number): void {
    this.#leftMs -= elapsedMs;
    if (this.#leftMs <= 0 && this.#settle()) this.#observer.onUndecided(this.#bytes, "timeout");
  }

  leftMs(): number {
    return this.#leftMs;
  }

  onEnd(): void {
    if (this.#settle()) this.#observer.onUndecided(this.#bytes, "end");
  }

  onDrain(): void {
    // Nothing has been written yet.
  }

  onClose(): void {
    if (this.#settle()) this.#observer.onClosed();
  }

  #settle(): boolean {
    if (this.#done) return false;
    this.#done = true;
    if (this.#relays !== undefined && this.#isCounted) this.#relays.undecided--;
    this.#ticker.delete(this);
    return true;
  }
}
