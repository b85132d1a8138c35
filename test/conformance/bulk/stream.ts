/** A long body that knows itself: any part of it can be checked against where it should stand. */

/** A prime, so that no buffer's size fits it. */
const PERIOD = 65_521;
const CHUNK_BYTES = 65_536;
const LONGEST_CHUNK = 4 * 1024 * 1024;
const PATTERN: Buffer = Buffer.alloc(PERIOD + LONGEST_CHUNK);
for (let i = 0; i < PATTERN.length; i++)
  PATTERN[i] = ((i % PERIOD) * 31 + ((i % PERIOD) >> 7)) & 255;

/** Where a body goes. */
export interface SourceTarget {
  /** False: no more until `pump` is called again. */
  send(chunk: Uint8Array): boolean;
  end(): void;
}

/** Sends the body as fast as its receiver takes it. */
export class Source {
  readonly #total: number;
  readonly #to: SourceTarget;
  sent = 0;
  #ended = false;

  constructor(total: number, to: SourceTarget) {
    this.#total = total;
    this.#to = to;
  }

  pump(): void {
    while (this.sent < this.#total) {
      const at = this.sent % PERIOD;
      const length = Math.min(CHUNK_BYTES, this.#total - this.sent);
      this.sent += length;
      if (!this.#to.send(PATTERN.subarray(at, at + length))) return;
    }
    if (this.#ended) return;
    this.#ended = true;
    this.#to.end();
  }
}

/** Receives the body, checks it, and stops reading once. */
export class Sink {
  readonly #total: number;
  readonly #stallAt: number;
  readonly #stalled = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();
  /** Stops its reading; set by whoever reads. */
  pause: () => void = () => undefined;
  received = 0;
  #paused = false;

  constructor(total: number, stallAt: number) {
    this.#total = total;
    this.#stallAt = stallAt;
  }

  /** Settles when it has stopped reading. */
  get stalled(): Promise<void> {
    return this.#stalled.promise;
  }

  /** Settles when all has come; rejects where it is not what was sent. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  take(chunk: Uint8Array): void {
    const at = this.received % PERIOD;
    this.received += chunk.length;
    const expected = PATTERN.subarray(at, at + chunk.length);
    if (!expected.equals(chunk)) this.fail(`wrong bytes before ${this.received}`);
    if (this.received > this.#total) this.fail("more came than was sent");
    if (this.received < this.#stallAt || this.#paused) return;
    this.#paused = true;
    this.pause();
    this.#stalled.resolve();
  }

  end(): void {
    if (this.received === this.#total) this.#done.resolve();
    else this.fail(`ended after ${this.received} of ${this.#total} bytes`);
  }

  fail(why: string): void {
    const error = new Error(why);
    this.#done.reject(error);
    this.#stalled.reject(error);
    this.#done.promise.catch(() => undefined);
    this.#stalled.promise.catch(() => undefined);
  }
}
