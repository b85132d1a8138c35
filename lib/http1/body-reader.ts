/** The body of a message out of bytes, by its framing; body bytes are handed on where they lie. */

import type { HeaderList } from "#lib/http/headers.ts";
import { parseTrailers } from "./field-parser.ts";
import { CHUNKED, type Framing, NO_BODY, UNTIL_CLOSE } from "./framing.ts";
import { findBlankLine } from "./head-parser.ts";
import { malformed, overLimit } from "./http1-error.ts";
import { KeptBytes } from "./kept-bytes.ts";

/** More bytes of extensions in one chunk than this are refused with 400; they are never passed on. */
export const CHUNK_EXTENSION_LIMIT_BYTES: number = 4 * 1024;
/** A chunk has at most so many digits in its size: 2^48 bytes. */
export const CHUNK_SIZE_LIMIT_DIGITS = 12;
/** Trailers longer than this are refused with 431. */
export const TRAILERS_LIMIT_BYTES: number = 16 * 1024;

/** So much of the framing of chunks is worth one turn of a connection: a body of 1-byte chunks is little else. */
export const FRAMING_PER_TURN_BYTES: number = 8 * 1024;

/** Takes what a body holds. */
export interface BodySink {
  /** `bytes[from .. to)`, which is not empty: where they lie, as a view of bytes just received is dear. */
  onBodyBytes(bytes: Buffer, from: number, to: number): void;
  onBodyEnd(trailers: HeaderList | undefined): void;
}

/** Where in the chunked coding the next byte is (RFC 9112 §7.1). */
const SIZE = 0;
const BLANK = 1;
const EXTENSION_START = 2;
const EXTENSION = 3;
const SIZE_LF = 4;
const DATA = 5;
const DATA_CR = 6;
const DATA_LF = 7;
const TRAILERS = 8;

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const SEMICOLON = 59;

/** The value of a hexadecimal digit; 255 for other bytes. */
const HEX: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(code).toLowerCase());
  return digit < 0 ? 255 : digit;
});

/** Reads one body after the other. */
export class BodyReader {
  #framing: Framing = NO_BODY;
  #left = 0;
  #state: number = SIZE;
  /** Digits of a chunk's size, or bytes of its extensions, so far. */
  #count = 0;
  #trailers: KeptBytes | undefined;
  #ended = false;
  /** Whether bytes are left, because those before had as much framing as may be. */
  tired = false;

  /** Starts on a body; true where it has ended already. */
  begin(framing: Framing): boolean {
    this.#framing = framing;
    this.#left = Math.max(0, framing);
    this.#state = SIZE;
    this.#count = 0;
    this.#trailers = undefined;
    this.#ended = false;
    this.tired = false;
    return framing === NO_BODY;
  }

  /** Whether the body ends with the connection. */
  get untilClose(): boolean {
    return this.#framing === UNTIL_CLOSE;
  }

  /**
   * Takes bytes from `from` on and returns where the body ended, or -1 where it goes on past them; once it has met
   * `most` bytes of framing it is tired and returns where to go on.
   */
  take(
    bytes: Buffer,
    from: number,
    sink: BodySink,
    most: number = Number.POSITIVE_INFINITY,
  ): number {
    switch (this.#framing) {
      case NO_BODY:
        return from;
      case UNTIL_CLOSE:
        if (from < bytes.length) sink.onBodyBytes(bytes, from, bytes.length);
        return -1;
      case CHUNKED:
        return this.#takeChunks(bytes, from, { sink, most });
      default:
        return this.#takeLength(bytes, from, sink);
    }
  }

  #takeLength(bytes: Buffer, from: number, sink: BodySink): number {
    const count = Math.min(bytes.length - from, this.#left);
    if (count > 0) {
      this.#left -= count;
      sink.onBodyBytes(bytes, from, from + count);
    }
    if (this.#left > 0) return -1;
    sink.onBodyEnd(undefined);
    return from + count;
  }

  #takeChunks(
    bytes: Buffer,
    from: number,
    { sink, most }: { readonly sink: BodySink; readonly most: number },
  ): number {
    let at = from;
    let framing = 0;
    this.tired = false;
    while (at < bytes.length) {
      if (this.#state === DATA) {
        const count = Math.min(bytes.length - at, this.#left);
        sink.onBodyBytes(bytes, at, at + count);
        at += count;
        this.#left -= count;
        if (this.#left === 0) this.#state = DATA_CR;
      } else if (this.#state === TRAILERS) {
        at = this.#takeTrailers(bytes, at, sink);
        if (this.#ended) return at;
      } else if (framing === most) {
        this.tired = true;
        return at;
      } else {
        framing += 1;
        this.#takeFrame(bytes[at++] as number);
      }
    }
    return -1;
  }

  /** Takes a byte that is neither data nor a trailer. */
  #takeFrame(byte: number): void {
    switch (this.#state) {
      case SIZE:
        this.#takeSize(byte);
        break;
      case BLANK:
        if (byte === SEMICOLON) this.#state = EXTENSION_START;
        else if (byte !== SPACE && byte !== TAB) throw badSize();
        this.#countExtension();
        break;
      case EXTENSION_START:
      case EXTENSION:
        this.#takeExtension(byte);
        break;
      case SIZE_LF:
        if (byte !== LF) throw malformed("the size of a chunk ends without CRLF");
        this.#state = this.#left === 0 ? TRAILERS : DATA;
        break;
      case DATA_CR:
        if (byte !== CR) throw malformed("a chunk is longer than it says");
        this.#state = DATA_LF;
        break;
      case DATA_LF:
        if (byte !== LF) throw malformed("a chunk ends without CRLF");
        this.#state = SIZE;
        this.#count = 0;
    }
  }

  #takeSize(byte: number): void {
    const digit = HEX[byte] as number;
    if (digit < 16) {
      if (++this.#count > CHUNK_SIZE_LIMIT_DIGITS) throw badSize();
      this.#left = this.#left * 16 + digit;
      return;
    }
    if (this.#count === 0) throw badSize();
    if (byte === CR) this.#state = SIZE_LF;
    else if (byte === SEMICOLON) this.#state = EXTENSION_START;
    else if (byte === SPACE || byte === TAB) this.#state = BLANK;
    else throw badSize();
    this.#count = 1;
  }

  #takeExtension(byte: number): void {
    if (byte === SPACE || byte === TAB) this.#countExtension();
    else if (byte === CR && this.#state === EXTENSION) this.#state = SIZE_LF;
    else if (byte === 127 || byte < SPACE)
      throw malformed("an extension of a chunk is none, or has a control character");
    else {
      this.#state = EXTENSION;
      this.#countExtension();
    }
  }

  #countExtension(): void {
    if (++this.#count > CHUNK_EXTENSION_LIMIT_BYTES)
      throw overLimit(`a chunk's extensions exceed ${CHUNK_EXTENSION_LIMIT_BYTES} bytes`, 400);
  }

  /** Takes trailers and the blank line after them; returns where it stopped. */
  #takeTrailers(bytes: Buffer, from: number, sink: BodySink): number {
    if (this.#trailers === undefined && bytes[from] === CR && bytes[from + 1] === LF) {
      this.#ended = true;
      sink.onBodyEnd(undefined);
      return from + 2;
    }
    this.#trailers ??= new KeptBytes();
    const kept = this.#trailers;
    const before = kept.length;
    // A little more than may be, so that what is too long is seen to be.
    kept.push(bytes, from, Math.min(bytes.length, from + TRAILERS_LIMIT_BYTES + 5 - before));
    const text = kept.view();
    if (text[0] === CR && text.length > 1 && text[1] !== LF)
      throw malformed("its last chunk is followed by neither trailers nor CRLF");
    const bare = text[0] === CR && text.length > 1;
    const end = bare ? 2 : findBlankLine(text, 0, before);
    if ((end < 0 ? text.length - 3 : end - 4) > TRAILERS_LIMIT_BYTES)
      throw overLimit(`its trailers exceed ${TRAILERS_LIMIT_BYTES} bytes`, 431);
    if (end < 0) return bytes.length;
    this.#trailers = undefined;
    this.#ended = true;
    sink.onBodyEnd(bare ? undefined : parseTrailers(text, 0, end - 2));
    return from + end - before;
  }
}

const badSize = (): Error => malformed("the size of a chunk is no hexadecimal number");
