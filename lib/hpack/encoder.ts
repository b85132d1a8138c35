/** A header list into a header block (RFC 7541 §6): indexes what repeats, never what changes with each request. */

import { latin1Write } from "#lib/bytes/latin1.ts";
import { DEFAULT_TABLE_BYTES } from "./decoder.ts";
import { ENTRY_OVERHEAD_BYTES } from "./dynamic-table.ts";
import { huffmanEncode, huffmanLength } from "./huffman.ts";
import {
  STATIC_INDEX_OF_NAME,
  STATIC_LENGTH,
  STATIC_NAMES,
  STATIC_VALUES,
} from "./static-table.ts";

/** Fields whose values seldom repeat: an entry in the table would only push others out. */
const CHANGING: ReadonlySet<string> = new Set([
  "date",
  "content-length",
  "grpc-timeout",
  "etag",
  "last-modified",
  "traceparent",
  "tracestate",
  "x-request-id",
  "b3",
  "x-b3-traceid",
  "x-b3-spanid",
  "if-modified-since",
  "if-none-match",
  "age",
  "content-range",
  "location",
]);

/** Secrets: sent so that nobody on the way may index them (RFC 7541 §7.1.3). */
const SECRET: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "set-cookie"]);

/** A shorter cookie could be guessed by whoever can try values and sees how long blocks are (RFC 7541 §7.1). */
const SHORT_COOKIE_BYTES = 20;

/** Longer names, and longer values, are not put into the table. */
export const INDEXED_LIMIT_BYTES = 512;

/** What the buffer of a connection that sends fields begins with. */
const INITIAL_BYTES = 512;
const NOTHING: Buffer = Buffer.alloc(0);
/** An integer below 2^32 takes no more. */
const INTEGER_LIMIT_BYTES = 6;

interface Entry {
  readonly name: string;
  readonly value: string;
}
/** Stands where one was. */
const EVICTED: Entry = { name: "", value: "" };

/** Encodes the blocks of one direction of a connection, in order, into a buffer of its own. */
export class HpackEncoder {
  /** The block so far is `bytes[0 .. length)`; valid until the next `begin`. */
  bytes: Buffer = NOTHING;
  length = 0;
  /** Static and dynamic entries by name, then by value: the count at which it was added. */
  readonly #index = new Map<string, Map<string, number>>();
  readonly #entries: Entry[] = [];
  #oldest = 0;
  #added = 0;
  #size = 0;
  #limit = DEFAULT_TABLE_BYTES;
  #resized = false;
  /** The lowest limit since the last block: it has to be said too (RFC 7541 §4.2). */
  #lowest = DEFAULT_TABLE_BYTES;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; never more than the default is used. */
  setTableLimit(bytes: number): void {
    const limit = Math.min(bytes, DEFAULT_TABLE_BYTES);
    if (limit === this.#limit) return;
    this.#lowest = this.#resized ? Math.min(this.#lowest, limit) : limit;
    this.#limit = limit;
    this.#resized = true;
    this.#evict();
  }

  /** Starts a block. */
  begin(): void {
    this.length = 0;
    if (!this.#resized) return;
    this.#resized = false;
    this.#reserve(2 * INTEGER_LIMIT_BYTES);
    if (this.#lowest < this.#limit) this.#integer(this.#lowest, 5, 0x20);
    this.#integer(this.#limit, 5, 0x20);
  }

  /** Adds a field; the name must be in lower case, both must be characters below 256. */
  field(name: string, value: string): void {
    this.#reserve(name.length + value.length + 16);
    const fixed = STATIC_FULL.get(name)?.get(value);
    if (fixed !== undefined) {
      this.bytes[this.length++] = 0x80 | fixed;
      return;
    }
    const added = this.#index.get(name)?.get(value);
    if (added !== undefined) {
      this.#integer(STATIC_LENGTH + this.#added - added, 7, 0x80);
      return;
    }
    if (isSecret(name, value)) this.#literal(name, value, 4, 0x10);
    else if (changes(name, value)) this.#literal(name, value, 4, 0);
    else {
      this.#literal(name, value, 6, 0x40);
      this.#add(name, value);
    }
  }

  /** Adds a field that nobody on the way may put into a table. */
  secret(name: string, value: string): void {
    this.#reserve(name.length + value.length + 16);
    this.#literal(name, value, 4, 0x10);
  }

  #literal(name: string, value: string, bits: number, flag: number): void {
    const index = STATIC_INDEX_OF_NAME.get(name) ?? 0;
    this.#integer(index, bits, flag);
    const once = bits === 6;
    if (index === 0) this.#string(name, once);
    this.#string(value, once);
  }

  #add(name: string, value: string): void {
    let byValue = this.#index.get(name);
    if (byValue === undefined) {
      byValue = new Map();
      this.#index.set(name, byValue);
    }
    byValue.set(value, this.#added++);
    this.#entries.push({ name, value });
    this.#size += name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.#evict();
  }

  #evict(): void {
    while (this.#size > this.#limit) {
      const { name, value } = this.#entries[this.#oldest] as Entry;
      this.#size -= name.length + value.length + ENTRY_OVERHEAD_BYTES;
      this.#entries[this.#oldest++] = EVICTED;
      const byValue = this.#index.get(name);
      byValue?.delete(value);
      if (byValue?.size === 0) this.#index.delete(name);
    }
    if (this.#oldest > 128) {
      this.#entries.splice(0, this.#oldest);
      this.#oldest = 0;
    }
  }

  #integer(value: number, bits: number, flag: number): void {
    const mask = (1 << bits) - 1;
    if (value < mask) {
      this.bytes[this.length++] = flag | value;
      return;
    }
    this.bytes[this.length++] = flag | mask;
    let left = value - mask;
    while (left >= 128) {
      this.bytes[this.length++] = (left & 127) | 128;
      left >>>= 7;
    }
    this.bytes[this.length++] = left;
  }

  /** Only what goes into the table is Huffman coded: there the cost comes once, elsewhere with every request. */
  #string(text: string, once: boolean): void {
    const coded = once ? huffmanLength(text) : text.length;
    if (coded < text.length) {
      this.#integer(coded, 7, 0x80);
      this.length = huffmanEncode(text, this.bytes, this.length);
      return;
    }
    this.#integer(text.length, 7, 0);
    this.length += latin1Write(this.bytes, text, this.length);
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const size = Math.max(INITIAL_BYTES, this.bytes.length * 2, this.length + bytes);
    const grown = Buffer.allocUnsafeSlow(size);
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

function isSecret(name: string, value: string): boolean {
  return SECRET.has(name) || (name === "cookie" && value.length < SHORT_COOKIE_BYTES);
}

const isLong = (text: string): boolean => text.length > INDEXED_LIMIT_BYTES;

/** Whether an entry in the table would hardly be used again: a path repeats seldom with its query. */
function changes(name: string, value: string): boolean {
  if (CHANGING.has(name) || isLong(name) || isLong(value)) return true;
  return name === ":path" && value.includes("?");
}

/** Static entries with a value, by name and value. */
const STATIC_FULL: ReadonlyMap<string, ReadonlyMap<string, number>> = buildStatic();

function buildStatic(): Map<string, Map<string, number>> {
  const full = new Map<string, Map<string, number>>();
  for (let index = 1; index <= STATIC_LENGTH; index++) {
    const [name, value] = [STATIC_NAMES[index] as string, STATIC_VALUES[index] as string];
    if (value === "") continue;
    full.set(name, (full.get(name) ?? new Map<string, number>()).set(value, index));
  }
  return full;
}
