/** The writing half of an HTTP/2 connection: frames of all streams in one write a tick, and who waits for the socket. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { Http2Connection } from "#lib/http2/connection.ts";
import type { Http2Events } from "#lib/http2/http2-events.ts";
import type { Http2Stream } from "#lib/http2/stream.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { EAGER_FLUSH_BYTES, type Flushable, outbox } from "./outbox.ts";

/** Whose frames these are; its `flush` has them written. */
export type Http2Host = Flushable & Pick<Http2Events, "onWritable">;

/** What the streams of a connection say goes through here. */
export class Http2Output {
  readonly #stream: ByteStream;
  readonly #http2: Http2Connection;
  readonly #host: Http2Host;
  readonly #waiting = new Set<Http2Stream>();
  #marked = false;
  #full = false;

  constructor(host: Http2Host, stream: ByteStream, http2: Http2Connection) {
    this.#host = host;
    this.#stream = stream;
    this.#http2 = http2;
  }

  /** Whether the socket takes no more for now. */
  get full(): boolean {
    return this.#full;
  }

  /** Sends bytes on a stream; false where it has to stop until it is writable again. */
  send(stream: Http2Stream, bytes: Uint8Array, from: number, to: number): boolean {
    const open = this.#http2.send(stream, bytes, from, to);
    this.mark();
    // What goes into nothing has no need to wait.
    if (!open || !this.#full || stream.closed) return open;
    this.#waiting.add(stream);
    return false;
  }

  end(stream: Http2Stream, trailers: HeaderList | undefined): void {
    this.#http2.end(stream, trailers);
    this.mark();
  }

  /** The stream's receiver takes more again. */
  resume(stream: Http2Stream): void {
    this.#http2.resume(stream);
    this.mark();
  }

  /** The stream has closed: it no longer waits for the socket. */
  forget(stream: Http2Stream): void {
    if (this.#waiting.size > 0) this.#waiting.delete(stream);
  }

  /** There may be frames: the host flushes when all sockets have been read, or now where that is a lot. */
  mark(): void {
    if (!this.#marked) {
      this.#marked = true;
      outbox.markShared(this.#host);
    } else if (this.#http2.out.length > EAGER_FLUSH_BYTES) this.#host.flush();
  }

  /** Writes all frames there are. True where they were the last ones. */
  write(): boolean {
    this.#marked = false;
    const { out, failure, finished } = this.#http2;
    if (out.length > 0) {
      if (this.#stream.write(out.bytes, 0, out.length)) this.#http2.sent();
      else this.#full = true;
      out.clear();
    }
    return failure !== undefined || finished;
  }

  /** The socket has drained: streams go on that had to stop. */
  drained(): void {
    this.#full = false;
    this.#http2.sent();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const each of waiting) if (!each.closed) this.#host.onWritable(each);
  }
}
