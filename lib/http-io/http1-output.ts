/** The writing half of an HTTP/1 connection: heads and bodies by their framing, one write an event. */

import { ByteWriter } from "#lib/bytes/byte-writer.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import {
  writeRefusal,
  writeRequestHead,
  writeResponseHead,
  writeTrailers,
} from "#lib/http1/head-writer.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { EAGER_FLUSH_BYTES, type Flushable, outbox } from "./outbox.ts";

/** Larger chunks go to the socket as they are, smaller ones are gathered with their head. */
export const GATHER_LIMIT_BYTES: number = 16 * 1024;

/** How the body that is being sent is framed. */
export type OutputFraming = "none" | "length" | "chunked" | "close" | "raw";

/** Writes messages one after the other. */
export class Http1Output implements Flushable {
  readonly #stream: ByteStream;
  readonly #writer = new ByteWriter();
  #framing: OutputFraming = "none";
  /** Bytes that the content-length still promises. */
  #due = 0;
  #marked = false;
  #full = false;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Whether what was given is more than the socket takes: stop until it drains. */
  get full(): boolean {
    return this.#full;
  }

  /** The socket has drained. */
  drained(): void {
    this.#full = false;
  }

  /**
   * Writes the head of a request, with further whole lines; what follows is framed so. With `length`, more or fewer
   * bytes than that break the connection off.
   */
  request(head: RequestHead, extra: string, framing: OutputFraming, length = 0): void {
    writeRequestHead(this.#writer, head, extra);
    this.#frame(framing, length);
  }

  /** The same for a response. */
  response(head: ResponseHead, extra: string, framing: OutputFraming, length = 0): void {
    writeResponseHead(this.#writer, head, extra);
    this.#frame(framing, length);
  }

  /** Writes the answer to what is no request. */
  refusal(status: number): void {
    writeRefusal(this.#writer, status);
    this.#frame("none", 0);
  }

  #frame(framing: OutputFraming, length: number): void {
    this.#framing = framing;
    this.#due = length;
    this.#gathered();
  }

  /** Switches to raw bytes: a tunnel. */
  tunnel(): void {
    this.#framing = "raw";
  }

  /** Writes body bytes, `bytes[from .. to)`; false where the socket is full. */
  body(bytes: Uint8Array, from: number, to: number): boolean {
    const length = to - from;
    if (length === 0 || this.#framing === "none") return !this.#full;
    if (this.#framing === "length") {
      this.#due -= length;
      if (this.#due < 0) {
        this.#breakOff();
        return true;
      }
    }
    if (this.#framing === "chunked") this.#text(`${length.toString(16)}\r\n`);
    this.#bytes(bytes, from, to);
    if (this.#framing === "chunked") this.#text("\r\n");
    return !this.#full;
  }

  /** Ends the body. */
  end(trailers: HeaderList | undefined): void {
    if (this.#framing === "chunked")
      this.#text(`0\r\n${trailers === undefined ? "" : writeTrailers(trailers)}\r\n`);
    if (this.#framing === "length" && this.#due > 0) this.#breakOff();
    if (this.#framing !== "raw") this.#framing = "none";
  }

  /** A body that is not as long as was promised would pass for the beginning of the next message. */
  #breakOff(): void {
    this.#framing = "none";
    this.#writer.clear();
    this.#stream.destroy();
  }

  flush(): void {
    this.#marked = false;
    this.#write();
  }

  #write(): void {
    if (this.#writer.length === 0) return;
    if (!this.#stream.write(this.#writer.bytes, 0, this.#writer.length)) this.#full = true;
    this.#writer.clear();
  }

  #text(text: string): void {
    this.#writer.text(text);
    this.#mark();
  }

  #bytes(bytes: Uint8Array, from: number, to: number): void {
    if (to - from <= GATHER_LIMIT_BYTES) {
      this.#writer.push(bytes, from, to);
      this.#gathered();
      return;
    }
    this.#write();
    if (!this.#stream.write(bytes, from, to)) this.#full = true;
  }

  /** Much is written without waiting longer: only then it shows whether the peer takes it. */
  #gathered(): void {
    if (this.#writer.length > EAGER_FLUSH_BYTES) this.#write();
    else this.#mark();
  }

  #mark(): void {
    if (this.#marked) return;
    outbox.mark(this);
    this.#marked = true;
  }
}
