/** The body of a message out of bytes, by its framing; body bytes are handed on where they lie. */

import { latin1Slice } from "#lib/bytes/latin1.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { Framing } from "./framing.ts";
import { parseTrailers } from "./head-parser.ts";
import { malformed, overLimit } from "./http1-error.ts";

/** A chunk's size line longer than this, extensions included, is refused. */
export const CHUNK_LINE_LIMIT_BYTES = 256;
/** Trailers longer than this are refused. */
export const TRAILERS_LIMIT_BYTES: number = 16 * 1024;

/** Takes what a body holds. */
export interface BodySink {
  onBody(chunk: Buffer): void;
  onBodyEnd(trailers: HeaderList | undefined): void;
}

/** Reads one body after the other. */
export class BodyReader {
  #kind: Framing["type"] = "none";
  #left = 0;
  /** Within the chunked coding: a size line, data, the CRLF after data, or trailers. */
  #state: "size" | "data" | "data-end" | "trailers" = "size";
  #line: Buffer[] = [];
  #lineBytes = 0;

  /** Starts on a body; true where it has ended already. */
  begin(framing: Framing): boolean {
    this.#kind = framing.type;
    this.#left = framing.type === "length" ? framing.bytes : 0;
    this.#state = "size";
    this.#line = [];
    this.#lineBytes = 0;
    return framing.type === "none";
  }

  /** Whether the body ends with the connection. */
  get untilClose(): boolean {
    return this.#kind === "close";
  }

  /** Takes bytes from `from` on and returns where the body ended, or -1 where it goes on past them. */
  take(bytes: Buffer, from: number, sink: BodySink): number {
    switch (this.#kind) {
      case "none":
        return from;
      case "close":
        if (from < bytes.length) sink.onBody(from === 0 ? bytes : bytes.subarray(from));
        return -1;
      case "length":
        return this.#takeLength(bytes, from, sink);
      case "chunked":
        return this.#takeChunks(bytes, from, sink);
    }
  }

  #takeLength(bytes: Buffer, from: number, sink: BodySink): number {
    const count = Math.min(bytes.length - from, this.#left);
    if (count > 0) {
      this.#left -= count;
      sink.onBody(count === bytes.length ? bytes : bytes.subarray(from, from + count));
    }
    if (this.#left > 0) return -1;
    sink.onBodyEnd(undefined);
    return from + count;
  }

  #takeChunks(bytes: Buffer, from: number, sink: BodySink): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#state === "data") {
        const count = Math.min(bytes.length - at, this.#left);
        sink.onBody(bytes.subarray(at, at + count));
        at += count;
        this.#left -= count;
        if (this.#left === 0) this.#state = "data-end";
        continue;
      }
      const lineEnd = this.#gather(bytes, at);
      if (lineEnd < 0) return -1;
      at = lineEnd;
      if (this.#onLine(sink)) return at;
    }
    return -1;
  }

  /** Gathers up to the next line feed and returns where it ends; -1 where it has not come. */
  #gather(bytes: Buffer, from: number): number {
    const found = bytes.indexOf(10, from);
    const end = found < 0 ? bytes.length : found + 1;
    this.#lineBytes += end - from;
    const limit = this.#state === "trailers" ? TRAILERS_LIMIT_BYTES : CHUNK_LINE_LIMIT_BYTES;
    if (this.#lineBytes > limit)
      throw overLimit(`a line of its chunks exceeds ${limit} bytes`, 431);
    this.#line.push(Buffer.from(bytes.subarray(from, end)));
    return found < 0 ? -1 : end;
  }

  /** Acts on a whole line; true where the body has ended. */
  #onLine(sink: BodySink): boolean {
    const line = this.#line.length === 1 ? (this.#line[0] as Buffer) : Buffer.concat(this.#line);
    if (line.length < 2 || line[line.length - 2] !== 13)
      throw malformed("a line of its chunks ends without CR");
    if (this.#state === "trailers") return this.#onTrailerLine(line, sink);
    this.#line = [];
    this.#lineBytes = 0;
    if (this.#state === "data-end") {
      if (line.length !== 2) throw malformed("a chunk is longer than it says");
      this.#state = "size";
    } else {
      this.#left = chunkSize(latin1Slice(line, 0, line.length - 2));
      this.#state = this.#left === 0 ? "trailers" : "data";
    }
    return false;
  }

  #onTrailerLine(lines: Buffer, sink: BodySink): boolean {
    const blank = lines.length === 2 || lines.subarray(-4).equals(BLANK);
    if (!blank) {
      this.#line = [lines];
      return false;
    }
    const trailers = lines.length === 2 ? undefined : parseTrailers(lines, 0, lines.length - 2);
    sink.onBodyEnd(trailers);
    return true;
  }
}

const BLANK: Buffer = Buffer.from("\r\n\r\n", "latin1");

/** The size in a chunk's first line; extensions are passed over (RFC 9112 §7.1). */
function chunkSize(line: string): number {
  const match = /^([0-9a-fA-F]{1,12})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/.exec(line);
  if (match === null) throw malformed("the size of a chunk is no hexadecimal number");
  return Number.parseInt(match[1] ?? "", 16);
}
