/** A header block into a header list, bounded (RFC 7541 §3). */

import { latin1Slice } from "#lib/bytes/latin1.ts";
import { DynamicTable, ENTRY_OVERHEAD_BYTES } from "./dynamic-table.ts";
import { huffmanDecode } from "./huffman.ts";
import { STATIC_LENGTH, STATIC_NAMES, STATIC_VALUES } from "./static-table.ts";

/** The table size both sides start with (RFC 9113 §6.5.2). */
export const DEFAULT_TABLE_BYTES = 4096;

/** A block or list that breaks HPACK or a limit. `limit` ends a stream, the others the connection (RFC 9113 §4.3). */
export class HpackError extends Error {
  override readonly name = "HpackError";
  readonly code: "malformed" | "limit";

  constructor(message: string, code: HpackError["code"]) {
    super(message);
    this.code = code;
  }
}

/** Takes the fields of a block in order. */
export interface FieldSink {
  /** True where the field is sound wherever it stands: its table entry is then given to `onKnownField`. */
  onField(name: string, value: string): unknown;
  /** A field from the table that `onField` found sound. Not there: `onField` is given all. */
  onKnownField?(name: string, value: string): void;
  /** The field given last is to be put into no table by anyone on its way (RFC 7541 §6.2.3). */
  onNeverIndexed?(name: string): void;
}

const scratch = Buffer.allocUnsafeSlow(64 * 1024);

/** Decodes the blocks of one direction of a connection, in order. */
export class HpackDecoder {
  readonly #table = new DynamicTable(DEFAULT_TABLE_BYTES);
  /** What we announced: the peer's size updates may not exceed it. */
  readonly #tableLimit: number;
  readonly #listLimit: number;
  #bytes: Buffer = scratch;
  #at = 0;
  #end = 0;

  /** `listLimitBytes` bounds the sum of names, values and 32 a field (RFC 9113 §6.5.2). */
  constructor(options: { readonly tableBytes?: number; readonly listLimitBytes: number }) {
    this.#tableLimit = options.tableBytes ?? DEFAULT_TABLE_BYTES;
    this.#listLimit = options.listLimitBytes;
  }

  /**
   * Decodes one whole block. Throws HpackError: `malformed`, or `limit` after the whole block was taken in, so that
   * the tables stay in step.
   */
  decode(block: Buffer, sink: FieldSink, from = 0, to: number = block.length): void {
    this.#bytes = block;
    this.#at = from;
    this.#end = to;
    let size = 0;
    let fields = 0;
    while (this.#at < this.#end) {
      const byte = block[this.#at] as number;
      if ((byte & 0xe0) === 0x20) {
        if (fields > 0)
          throw new HpackError(
            "Cannot decode block: table size changes after a field",
            "malformed",
          );
        this.#resize();
        continue;
      }
      fields++;
      size = this.#field(byte, size, sink);
    }
    // An idle connection does not hold on to what the block came in.
    this.#bytes = scratch;
    if (size > this.#listLimit)
      throw new HpackError(
        `Cannot accept header list: it exceeds ${this.#listLimit} bytes`,
        "limit",
      );
  }

  /** Decodes one field and returns the size of the list with it; past the limit the sink gets no more. */
  #field(byte: number, size: number, sink: FieldSink): number {
    if ((byte & 0x80) !== 0) return this.#indexed(this.#integer(7), size, sink);
    const indexed = (byte & 0x40) !== 0;
    const index = this.#integer(indexed ? 6 : 4);
    const name = index === 0 ? this.#string() : this.#nameAt(index);
    const value = this.#string();
    const total = size + name.length + value.length + ENTRY_OVERHEAD_BYTES;
    const fits = total <= this.#listLimit;
    const sound = fits && sink.onField(name, value) === true;
    if (indexed) this.#table.add(name, value, sound);
    else if ((byte & 0x10) !== 0 && fits) sink.onNeverIndexed?.(name);
    return total;
  }

  #indexed(index: number, size: number, sink: FieldSink): number {
    const name = this.#nameAt(index);
    const entry = index - STATIC_LENGTH;
    const value = (entry <= 0 ? STATIC_VALUES[index] : this.#table.value(entry)) as string;
    const total = size + name.length + value.length + ENTRY_OVERHEAD_BYTES;
    if (total > this.#listLimit) return total;
    if (entry > 0 && sink.onKnownField !== undefined && this.#table.sound(entry))
      sink.onKnownField(name, value);
    else sink.onField(name, value);
    return total;
  }

  #nameAt(index: number): string {
    const name =
      index <= STATIC_LENGTH ? STATIC_NAMES[index] : this.#table.name(index - STATIC_LENGTH);
    if (index === 0 || name === undefined)
      throw new HpackError(`Cannot decode block: no entry ${index}`, "malformed");
    return name;
  }

  #resize(): void {
    const size = this.#integer(5);
    if (size > this.#tableLimit)
      throw new HpackError(
        `Cannot resize table to ${size}: ${this.#tableLimit} was allowed`,
        "malformed",
      );
    this.#table.resize(size);
  }

  /** An integer with a prefix of `bits` (RFC 7541 §5.1), below 2^28. */
  #integer(bits: number): number {
    const mask = (1 << bits) - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte();
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new HpackError("Cannot decode block: integer too large", "malformed");
  }

  #byte(): number {
    if (this.#at >= this.#end)
      throw new HpackError("Cannot decode block: it is truncated", "malformed");
    return this.#bytes[this.#at++] as number;
  }

  #string(): string {
    const coded = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const from = this.#at;
    const to = from + length;
    if (to > this.#end)
      throw new HpackError("Cannot decode block: string is truncated", "malformed");
    this.#at = to;
    if (!coded) return latin1Slice(this.#bytes, from, to);
    const into = length * 2 <= scratch.length ? scratch : Buffer.allocUnsafeSlow(length * 2);
    const out = huffmanDecode(this.#bytes, { from, to, into });
    if (out < 0) throw new HpackError("Cannot decode block: invalid Huffman code", "malformed");
    return latin1Slice(into, 0, out);
  }
}
