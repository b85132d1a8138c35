/** The streams of a connection: which are open, which may still hear late frames, which never were (RFC 9113 §5.1). */

import { connectionError, ErrorCode } from "./http2-error.ts";
import { MAX_WINDOW } from "./settings.ts";
import type { Http2Stream } from "./stream.ts";

/** How many slots there are at first, and at most; powers of two. */
const MIN_SLOTS = 16;
const MAX_SLOTS = 1024;

const emptySlots = (length: number): undefined[] => new Array<undefined>(length).fill(undefined);

/** Streams by number, and the numbers both sides have used. */
export class StreamTable {
  readonly #role: "client" | "server";
  /** Streams by half their number, modulo the length; numbers rise, so those that are open seldom share a slot. */
  #slots: (Http2Stream | undefined)[] = [];
  /** Those whose slot is taken: streams that stay open while others come and go. */
  #others: Map<number, Http2Stream> | undefined;
  #size = 0;
  #nextId = 1;
  #lastPeerId = 0;

  constructor(role: "client" | "server") {
    this.#role = role;
  }

  get size(): number {
    return this.#size;
  }

  /** The highest number that the peer has used. */
  get lastPeerId(): number {
    return this.#lastPeerId;
  }

  /** Whether a client has used up its numbers. */
  get exhausted(): boolean {
    return this.#nextId >= MAX_WINDOW;
  }

  /** The next number of a client. */
  takeId(): number {
    const id = this.#nextId;
    this.#nextId += 2;
    return id;
  }

  /** Whether the peer opens a stream by this number, which is used from now on. Throws where it is not the peer's. */
  opens(streamId: number): boolean {
    if (this.#role === "client") return false;
    if (streamId % 2 === 0)
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        `Cannot read HEADERS: stream ${streamId} is not the peer's`,
      );
    if (streamId <= this.#lastPeerId) return false;
    this.#lastPeerId = streamId;
    return true;
  }

  add(stream: Http2Stream): void {
    this.#size++;
    if (this.#slots.length === 0) this.#slots = emptySlots(MIN_SLOTS);
    if (this.#place(stream)) return;
    if (this.#size * 2 > this.#slots.length && this.#slots.length < MAX_SLOTS) this.#widen();
    if (this.#place(stream)) return;
    this.#others ??= new Map();
    this.#others.set(stream.id, stream);
  }

  delete(stream: Http2Stream): void {
    const slot = this.#slot(stream.id);
    if (this.#slots[slot] === stream) {
      this.#slots[slot] = undefined;
      this.#size--;
    } else if (this.#others?.delete(stream.id) === true) this.#size--;
  }

  get(streamId: number): Http2Stream | undefined {
    const stream = this.#slots[this.#slot(streamId)];
    return stream?.id === streamId ? stream : this.#others?.get(streamId);
  }

  /** All open streams as they are now; they may be closed while the list is gone through. */
  all(): Http2Stream[] {
    const open: Http2Stream[] = [];
    for (const stream of this.#slots) if (stream !== undefined) open.push(stream);
    if (this.#others !== undefined) open.push(...this.#others.values());
    return open;
  }

  #slot(streamId: number): number {
    return (streamId >>> 1) & (this.#slots.length - 1);
  }

  #place(stream: Http2Stream): boolean {
    const slot = this.#slot(stream.id);
    if (this.#slots[slot] !== undefined) return false;
    this.#slots[slot] = stream;
    return true;
  }

  #widen(): void {
    const before = this.#slots;
    this.#slots = emptySlots(before.length * 2);
    for (const stream of before) if (stream !== undefined) this.#place(stream);
  }

  /** The stream, or undefined for one that is closed. Throws for one that never was open. */
  find(streamId: number): Http2Stream | undefined {
    const stream = this.get(streamId);
    if (stream !== undefined) return stream;
    const ours = streamId % 2 === 1 ? this.#role === "client" : this.#role === "server";
    const idle = ours
      ? streamId >= this.#nextId || this.#role === "server"
      : streamId > this.#lastPeerId;
    if (idle)
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        `Cannot read frame: stream ${streamId} is idle`,
      );
    return undefined;
  }
}
