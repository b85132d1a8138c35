/** The streams of a connection: which are open, which may still hear late frames, which never were (RFC 9113 §5.1). */

import { connectionError, ErrorCode } from "./http2-error.ts";
import { MAX_WINDOW } from "./settings.ts";
import type { Http2Stream } from "./stream.ts";

/** Streams by number, and the numbers both sides have used. */
export class StreamTable {
  readonly #role: "client" | "server";
  readonly #open = new Map<number, Http2Stream>();
  #nextId = 1;
  #lastPeerId = 0;

  constructor(role: "client" | "server") {
    this.#role = role;
  }

  get size(): number {
    return this.#open.size;
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
    this.#open.set(stream.id, stream);
  }

  delete(stream: Http2Stream): void {
    this.#open.delete(stream.id);
  }

  get(streamId: number): Http2Stream | undefined {
    return this.#open.get(streamId);
  }

  all(): IterableIterator<Http2Stream> {
    return this.#open.values();
  }

  /** The stream, or undefined for one that is closed. Throws for one that never was open. */
  find(streamId: number): Http2Stream | undefined {
    const stream = this.#open.get(streamId);
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
