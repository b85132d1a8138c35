/** The writing half of an HTTP/1 connection: heads and bodies by their framing, one write an event. */

import { ByteWriter } from "#lib/bytes/byte-writer.ts";
import { latin1Write } from "#lib/bytes/latin1.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import { writeFields } from "#lib/http1/head-writer.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { type Flushable, outbox } from "./outbox.ts";

/** Larger chunks go to the socket as they are, smaller ones are gathered with their head. */
export const GATHER_LIMIT_BYTES: number = 16 * 1024;

/** How the body that is being sent is framed. */
export type OutputFraming = "none" | "length" | "chunked" | "raw";

/** Writes messages one after the other. */
export class Http1Output implements Flushable {
  readonly #stream: ByteStream;
  readonly #writer = new ByteWriter();
  #framing: OutputFraming = "none";
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

  /** Writes a head; what follows is framed so. */
  head(text: string, framing: OutputFraming): void {
    this.#text(text);
    this.#framing = framing;
  }

  /** Switches to raw bytes: a tunnel. */
  tunnel(): void {
    this.#framing = "raw";
  }

  /** Writes body bytes; false where the socket is full. */
  body(chunk: Uint8Array): boolean {
    if (chunk.length === 0 || this.#framing === "none") return !this.#full;
    if (this.#framing === "chunked") this.#text(`${chunk.length.toString(16)}\r\n`);
    this.#bytes(chunk);
    if (this.#framing === "chunked") this.#text("\r\n");
    return !this.#full;
  }

  /** Ends the body. */
  end(trailers: HeaderList | undefined): void {
    if (this.#framing === "chunked")
      this.#text(`0\r\n${trailers === undefined ? "" : writeFields(trailers)}\r\n`);
    if (this.#framing !== "raw") this.#framing = "none";
  }

  flush(): void {
    this.#marked = false;
    if (this.#writer.length === 0) return;
    if (!this.#stream.write(this.#writer.view())) this.#full = true;
    this.#writer.clear();
  }

  #text(text: string): void {
    this.#writer.reserve(text.length);
    this.#writer.length += latin1Write(this.#writer.bytes, text, this.#writer.length);
    this.#mark();
  }

  #bytes(chunk: Uint8Array): void {
    if (chunk.length <= GATHER_LIMIT_BYTES) {
      this.#writer.push(chunk);
      this.#mark();
      return;
    }
    this.flush();
    if (!this.#stream.write(chunk)) this.#full = true;
  }

  #mark(): void {
    if (this.#marked) return;
    this.#marked = true;
    outbox.mark(this);
  }
}
