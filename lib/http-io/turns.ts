/** What one connection sends at once is worked off in turns, so that those of others come between. */

import { asBuffer } from "#lib/bytes/latin1.ts";
import { KeptBytes } from "#lib/http1/kept-bytes.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";

/** So much may wait for its turn in all connections together; what comes then is worked off at once. */
export const WAITING_LIMIT_BYTES: number = 16 * 1024 * 1024;

let waitingBytes = 0;
let due = 0;

/** How many connections have their next turn when the runtime has looked at all sockets. */
export const turnsDue = (): number => due;

/** Takes bytes, as far as one turn goes or, where `all`, to their end; returns how many. */
type Work = (bytes: Buffer, all: boolean) => number;

/** One connection's. */
export class Turns {
  readonly #stream: ByteStream;
  readonly #work: Work;
  readonly #kept = new KeptBytes();
  #stopped = false;
  #scheduled = false;

  constructor(stream: ByteStream, work: Work) {
    this.#stream = stream;
    this.#work = work;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Takes what has come. */
  take(chunk: Uint8Array): void {
    const bytes = asBuffer(chunk);
    // A stream that was paused may still hand over what it has read.
    const waits = this.#stopped || this.#kept.length > 0;
    const taken = waits ? 0 : this.#work(bytes, waitingBytes >= WAITING_LIMIT_BYTES);
    if (taken === bytes.length) return;
    this.#kept.push(bytes, taken);
    waitingBytes += bytes.length - taken;
    if (!waits) this.#stream.pause();
    this.#schedule();
  }

  /** Nothing more is taken until `go`. */
  stop(): void {
    this.#stopped = true;
    this.#stream.pause();
  }

  go(): void {
    this.#stopped = false;
    if (this.#kept.length > 0) this.#schedule();
    else this.#stream.resume();
  }

  /** The connection is gone, and what waits is of no use. */
  end(): void {
    waitingBytes -= this.#kept.length;
    this.#kept.clear();
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    due += 1;
    setImmediate(this.#next);
  }

  readonly #next = (): void => {
    this.#scheduled = false;
    due -= 1;
    if (this.#stopped || this.#kept.length === 0) return;
    let taken = 0;
    try {
      taken = this.#work(this.#kept.view(), false);
    } catch (error) {
      this.#stream.destroy();
      throw error;
    }
    // It may have ended meanwhile.
    if (this.#kept.length === 0) return;
    waitingBytes -= taken;
    this.#kept.drop(taken);
    if (this.#kept.length > 0) this.#schedule();
    else if (!this.#stopped) this.#stream.resume();
  };
}
