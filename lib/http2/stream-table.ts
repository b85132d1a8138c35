/** The streams of a connection: which are open, which may still hear late frames, which never were (RFC 9113 §5.1). */

import { connectionError, ErrorCode } from "./http2-error.ts";
import { MAX_WINDOW } from "./settings.ts";
import type { Http2Stream } from "./stream.ts";

/** How many slots there are at first, and at most; powers of two. */
const MIN_SLOTS = 16;
const MAX_SLOTS = 1024;

/**
 * So many streams that we have reset are remembered, at least: what their peer sent before it knew is ignored, while
 * frames of other streams that have ended break the protocol.
 */
export const RESET_MEMORY = 1024;

const emptySlots = (length: number): undefined[] => new Array<undefined>(length).fill(undefined);

/** Streams by number, and the numbers both sides have used. */
export class StreamTable {
  readonly #role: "client" | "server";
  readonly #lastId: number;
  /** Streams by half their number, modulo the length; numbers rise, so those that are open seldom share a slot. */
  #slots: (Http2Stream | undefined)[] = [];
  /** Those whose slot is taken: streams that stay open while others come and go. */
  #others: Map<number, Http2Stream> | undefined;
  #size = 0;
  #nextId = 1;
  #lastPeerId = 0;
  /** The number in use before the highest: what lies between was passed over. */
  #previousPeerId = 0;
  /** The latest streams that we have reset, made with the first, and where the next goes. */
  #resets: Int32Array | undefined;
  #nextReset = 0;
  /** Streams up to this number may have been reset and forgotten. */
  #forgotten = 0;

  constructor(role: "client" | "server", lastId: number = MAX_WINDOW) {
    this.#role = role;
    this.#lastId = lastId;
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
    return this.#nextId > this.#lastId;
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
    this.#previousPeerId = this.#lastPeerId;
    this.#lastPeerId = streamId;
    return true;
  }

  /** We have reset this stream. */
  noteReset(streamId: number): void {
    this.#resets ??= new Int32Array(RESET_MEMORY);
    const before = this.#resets[this.#nextReset] as number;
    if (before > this.#forgotten) this.#forgotten = before;
    this.#resets[this.#nextReset] = streamId;
    this.#nextReset = (this.#nextReset + 1) % RESET_MEMORY;
  }

  /** The peer has ended a stream that we had reset: nothing more of it is on the way. */
  forgetReset(streamId: number): void {
    const index = this.#resets?.indexOf(streamId) ?? -1;
    if (this.#resets !== undefined && index >= 0) this.#resets[index] = 0;
  }

  /** Throws where DATA or HEADERS of a stream that is closed cannot have been on the way when it was (RFC 9113 §5.1). */
  checkLate(streamId: number): void {
    if (streamId <= this.#forgotten || this.#resets?.includes(streamId) === true) return;
    // Most others are known to have been in use; those that certainly were not are told apart (§5.1.1).
    const unused = streamId > this.#previousPeerId && streamId < this.#lastPeerId;
    throw connectionError(
      unused ? ErrorCode.PROTOCOL_ERROR : ErrorCode.STREAM_CLOSED,
      `Cannot read frame: stream ${streamId} is closed`,
    );
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
    if (this.isIdle(streamId))
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        `Cannot read frame: stream ${streamId} is idle`,
      );
    return undefined;
  }

  /** Whether nobody has used this number yet. */
  isIdle(streamId: number): boolean {
    const ours = streamId % 2 === 1 ? this.#role === "client" : this.#role === "server";
    return ours ? streamId >= this.#nextId || this.#role === "server" : streamId > this.#lastPeerId;
  }
}
