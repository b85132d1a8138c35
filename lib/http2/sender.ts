/** The sending half of a connection: header blocks, and DATA within the peer's windows (RFC 9113 §5.2). */

import { HpackEncoder } from "#lib/hpack/encoder.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { Flag, MAX_FRAME_BYTES } from "./frame.ts";
import { FrameWriter } from "./frame-writer.ts";
import { connectionError, ErrorCode, streamError } from "./http2-error.ts";
import { MAX_WINDOW } from "./settings.ts";
import type { Http2Stream } from "./stream.ts";

/** What every window begins with (RFC 9113 §6.9.2). */
export const DEFAULT_WINDOW_BYTES = 65_535;

/** Writes what streams send and keeps what no window lets through. */
export class Sender {
  readonly writer: FrameWriter = new FrameWriter();
  readonly encoder: HpackEncoder = new HpackEncoder();
  /** What the peer's settings give to new streams. */
  initialWindow: number = DEFAULT_WINDOW_BYTES;
  /** DATA frames sent so far. */
  dataFrames = 0;
  #window = DEFAULT_WINDOW_BYTES;
  /** Streams with something queued. */
  readonly #queued = new Set<Http2Stream>();
  /** Those of them whose own window is open: they wait for the connection's. */
  readonly #blocked = new Set<Http2Stream>();
  readonly #onWritable: (stream: Http2Stream) => void;
  readonly #onLocalEnd: (stream: Http2Stream) => void;

  /** `onWritable` follows a queue that ran empty, `onLocalEnd` the last frame of a stream. */
  constructor(how: {
    readonly onWritable: (stream: Http2Stream) => void;
    readonly onLocalEnd: (stream: Http2Stream) => void;
  }) {
    this.#onWritable = how.onWritable;
    this.#onLocalEnd = how.onLocalEnd;
  }

  request(stream: Http2Stream, head: RequestHead, end: boolean): void {
    const { neverIndexed: never } = head.headers;
    this.encoder.begin();
    this.#field(":method", head.method, never);
    if (head.path !== "") {
      this.#field(":scheme", head.scheme === "" ? "http" : head.scheme, never);
      this.#field(":path", head.path, never);
    }
    if (head.authority !== "") this.#field(":authority", head.authority, never);
    if (head.protocol !== "") this.#field(":protocol", head.protocol, never);
    this.#fields(stream, head.headers, end);
  }

  response(stream: Http2Stream, head: ResponseHead, end: boolean): void {
    this.encoder.begin();
    this.encoder.field(":status", statusText(head.status));
    this.#fields(stream, head.headers, end);
  }

  /** Sends what the windows let through of `bytes[from .. to)` and queues the rest; false where something is queued. */
  data(stream: Http2Stream, bytes: Uint8Array, from = 0, to: number = bytes.length): boolean {
    // An empty chunk that stood last in the queue would take the end of the stream with it.
    if (from === to) return stream.queuedBytes === 0;
    if (stream.queuedBytes > 0) return this.#enqueue(stream, bytes.subarray(from, to));
    const sent = this.#transmit(stream, bytes, from, to, false);
    return from + sent === to || this.#enqueue(stream, bytes.subarray(from + sent, to));
  }

  /** Ends the stream once its queue is sent. */
  end(stream: Http2Stream, trailers: HeaderList | undefined): void {
    if (stream.localEnded || stream.endQueued) return;
    if (stream.queuedBytes > 0) {
      stream.endQueued = true;
      stream.trailers = trailers;
      return;
    }
    this.#finish(stream, trailers);
  }

  /** Takes in a WINDOW_UPDATE for the connection. */
  connectionWindow(increment: number): void {
    if (this.#window + increment > MAX_WINDOW)
      throw connectionError(ErrorCode.FLOW_CONTROL_ERROR, "Cannot widen window: it exceeds 2^31-1");
    this.#window += increment;
    for (const stream of this.#blocked) {
      if (this.#window <= 0) return;
      this.#pump(stream);
    }
  }

  /** Takes in a WINDOW_UPDATE for a stream. */
  streamWindow(stream: Http2Stream, increment: number): void {
    if (stream.sendWindow + increment > MAX_WINDOW)
      throw streamError(ErrorCode.FLOW_CONTROL_ERROR, "Cannot widen window: it exceeds 2^31-1");
    stream.sendWindow += increment;
    if (stream.queuedBytes > 0) this.#pump(stream);
  }

  /** Takes in SETTINGS_INITIAL_WINDOW_SIZE, which also moves the windows of open streams (RFC 9113 §6.9.2). */
  setInitialWindow(size: number, streams: Iterable<Http2Stream>): void {
    const change = size - this.initialWindow;
    this.initialWindow = size;
    for (const stream of streams) {
      if (stream.sendWindow + change > MAX_WINDOW)
        throw connectionError(
          ErrorCode.FLOW_CONTROL_ERROR,
          "Cannot widen window: it exceeds 2^31-1",
        );
      stream.sendWindow += change;
      if (change > 0 && stream.queuedBytes > 0) this.#pump(stream);
    }
  }

  /** Drops what a stream still had to send. */
  forget(stream: Http2Stream): void {
    if (stream.queuedBytes === 0) return;
    stream.queue = undefined;
    stream.queuedBytes = 0;
    this.#drained(stream);
  }

  /** Time has passed: the streams of which nothing that is queued went out for `limitMs`. */
  stalled(elapsedMs: number, limitMs: number): readonly Http2Stream[] {
    if (this.#queued.size === 0) return NONE;
    const stalled: Http2Stream[] = [];
    for (const stream of this.#queued) {
      stream.stalledMs += elapsedMs;
      if (stream.stalledMs >= limitMs) stalled.push(stream);
    }
    return stalled;
  }

  #drained(stream: Http2Stream): void {
    this.#queued.delete(stream);
    this.#blocked.delete(stream);
  }

  #fields(stream: Http2Stream, headers: HeaderList, end: boolean): void {
    const { encoder } = this;
    const { names, values, neverIndexed } = headers;
    for (let i = 0; i < names.length; i++)
      this.#field(names[i] as string, values[i] as string, neverIndexed);
    this.writer.headers(stream.id, encoder.bytes, encoder.length, end);
    if (end) this.#ended(stream);
  }

  #field(name: string, value: string, neverIndexed: ReadonlySet<string> | undefined): void {
    if (neverIndexed === undefined || !neverIndexed.has(name)) this.encoder.field(name, value);
    else this.encoder.secret(name, value);
  }

  #enqueue(stream: Http2Stream, chunk: Uint8Array): false {
    stream.queue ??= [];
    stream.queue.push(new Uint8Array(chunk));
    if (stream.queuedBytes === 0) {
      stream.stalledMs = 0;
      this.#queued.add(stream);
    }
    stream.queuedBytes += chunk.length;
    if (stream.sendWindow > 0) this.#blocked.add(stream);
    return false;
  }

  /** Sends as much of `bytes[from .. to)` as fits and returns how much that was. */
  #transmit(
    stream: Http2Stream,
    bytes: Uint8Array,
    from: number,
    to: number,
    end: boolean,
  ): number {
    let at = from;
    while (at < to) {
      const length = Math.min(to - at, stream.sendWindow, this.#window, MAX_FRAME_BYTES);
      if (length <= 0) break;
      const last = end && at + length === to;
      this.writer.data(stream.id, last ? Flag.END_STREAM : 0, bytes, at, length);
      this.dataFrames += 1;
      stream.sendWindow -= length;
      this.#window -= length;
      at += length;
    }
    return at - from;
  }

  #pump(stream: Http2Stream): void {
    if (stream.closed) return;
    const queue = stream.queue ?? [];
    while (queue.length > 0) {
      const chunk = queue[0] as Uint8Array;
      const last = queue.length === 1 && stream.endQueued && stream.trailers === undefined;
      const sent = this.#transmit(stream, chunk, 0, chunk.length, last);
      stream.queuedBytes -= sent;
      if (sent > 0) stream.stalledMs = 0;
      if (sent < chunk.length) {
        queue[0] = chunk.subarray(sent);
        if (stream.sendWindow > 0) this.#blocked.add(stream);
        else this.#blocked.delete(stream);
        return;
      }
      queue.shift();
      if (last) {
        this.#drained(stream);
        this.#ended(stream);
        return;
      }
    }
    this.#drained(stream);
    if (stream.endQueued) this.#finish(stream, stream.trailers);
    else this.#onWritable(stream);
  }

  #finish(stream: Http2Stream, trailers: HeaderList | undefined): void {
    if (trailers === undefined || trailers.length === 0) {
      this.writer.data(stream.id, Flag.END_STREAM, NOTHING, 0, 0);
      this.#ended(stream);
      return;
    }
    this.encoder.begin();
    this.#fields(stream, trailers, true);
  }

  #ended(stream: Http2Stream): void {
    stream.localEnded = true;
    this.#onLocalEnd(stream);
  }
}

const NOTHING = new Uint8Array(0);
const NONE: readonly Http2Stream[] = [];
const STATUS_TEXT: readonly string[] = Array.from({ length: 1000 }, (_, status) => String(status));

function statusText(status: number): string {
  return STATUS_TEXT[status] ?? String(status);
}
