/** Two ends of a connection in memory, whose deliveries happen when a test says so. */

import { outbox } from "#lib/http-io/outbox.ts";
import { turnsDue } from "#lib/http-io/turns.ts";
import type { ByteStream, ByteStreamHandler } from "#lib/net/byte-stream.ts";

const NOBODY: ByteStreamHandler = {
  onData: () => undefined,
  onEnd: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

/** One end. Writes are kept until `FakePair.run` or `deliver` hands them to the other end. */
export class FakeByteStream implements ByteStream {
  handler: ByteStreamHandler = NOBODY;
  readonly remoteAddress = "10.0.0.1";
  readonly remotePort = 40_000;
  readonly localAddress = "10.0.0.2";
  readonly localPort = 80;
  /** More queued bytes than this make `write` return false. */
  highWaterBytes: number = Number.POSITIVE_INFINITY;
  /** Every write as it was made, for tests that count them. */
  readonly writes: Buffer[] = [];
  paused = false;
  ended = false;
  closed = false;
  #peer: FakeByteStream | undefined;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #full = false;
  #endDelivered = false;

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** All that was written so far, as text of bytes. */
  get text(): string {
    return Buffer.concat(this.writes).toString("latin1");
  }

  /** Makes two ends one connection. */
  static join(a: FakeByteStream, b: FakeByteStream): void {
    a.#peer = b;
    b.#peer = a;
  }

  write(bytes: Uint8Array, from = 0, to: number = bytes.length): boolean {
    if (this.ended || this.closed) return true;
    const copy = Buffer.from(bytes.subarray(from, to));
    this.writes.push(copy);
    this.#queue.push(copy);
    this.#queuedBytes += copy.length;
    this.#full ||= this.#queuedBytes > this.highWaterBytes;
    return !this.#full;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.close(undefined);
    this.#peer?.close(new Error("Cannot read: connection was reset"));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** The connection is gone at this end. */
  close(error: Error | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.handler.onClose(error);
  }

  /** Hands what is queued to the peer in pieces of at most `size()` bytes; says whether anything happened. */
  deliver(size: () => number): boolean {
    const peer = this.#peer;
    if (peer === undefined || peer.closed || peer.paused) return false;
    if (this.#queuedBytes > 0) {
      const bytes = Buffer.concat(this.#queue);
      const count = Math.max(1, Math.min(size(), bytes.length));
      this.#queue = count < bytes.length ? [bytes.subarray(count)] : [];
      this.#queuedBytes = bytes.length - count;
      peer.handler.onData(Buffer.from(bytes.subarray(0, count)));
      if (this.#full && this.#queuedBytes === 0 && !this.closed) {
        this.#full = false;
        this.handler.onDrain();
      }
      return true;
    }
    return this.#deliverEnd(peer);
  }

  #deliverEnd(peer: FakeByteStream): boolean {
    if (!this.ended || this.#endDelivered) return false;
    this.#endDelivered = true;
    peer.handler.onEnd();
    if (peer.ended && peer.#endDelivered) {
      this.close(undefined);
      peer.close(undefined);
    }
    return true;
  }
}

/** A connection in memory. */
export class FakePair {
  readonly a: FakeByteStream = new FakeByteStream();
  readonly b: FakeByteStream = new FakeByteStream();

  constructor() {
    FakeByteStream.join(this.a, this.b);
  }

  /** Delivers both ways until nothing moves; `size` bounds each piece. Microtasks and the tick's writes run between pieces. */
  async run(size: () => number = () => Number.POSITIVE_INFINITY): Promise<void> {
    for (let round = 0; round < RUN_LIMIT; round++) {
      await passTick();
      const moved = this.a.deliver(size);
      await passTick();
      if (!this.b.deliver(size) && !moved && !(await this.#settles())) return;
    }
    throw new Error(`Cannot settle connection: it still moves after ${RUN_LIMIT} rounds`);
  }

  async #settles(): Promise<boolean> {
    const before = this.a.writes.length + this.b.writes.length;
    await passTick();
    return this.a.writes.length + this.b.writes.length > before;
  }
}

/** What the runtime does between two events. */
export async function passTick(): Promise<void> {
  await Promise.resolve();
  while (turnsDue() > 0) await new Promise<void>((resolve) => setImmediate(resolve));
  outbox.flushShared();
}

/** Rounds after which a connection in a test is taken to go in circles. */
const RUN_LIMIT = 1_000_000;
