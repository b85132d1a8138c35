/** Messages into bytes, by tables. */

import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { wireTypeOf } from "./decode.ts";
import { WireType } from "./reader.ts";
import { type Field, MessageTable, type Scalar } from "./table.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Writes a message; what is not set is not written, nor are zeros outside a oneof. */
export function encode<D extends DescMessage>(
  table: MessageTable<D>,
  message: MessageInitShape<D>,
): Uint8Array {
  return Buffer.concat(piecesOf(table, message as Fields));
}

function piecesOf(table: MessageTable, message: Fields): Uint8Array[] {
  return table.fields.flatMap((field) => {
    const { name, oneof, repeated, type } = field;
    const chosen = oneof === undefined ? undefined : (message[oneof] as Fields | undefined);
    if (oneof !== undefined) return chosen?.["case"] === name ? value(field, chosen["value"]) : [];
    const given = message[name] ?? [];
    if (type === "map")
      return Object.entries(given as Fields).flatMap((entry) => entryOf(field, entry));
    if (repeated) return items(field, given as readonly unknown[]);
    return isZero(given) ? [] : value(field, given);
  });
}

/** An empty list stands for what was not given; -0 is not zero. */
function isZero(given: unknown): boolean {
  const { length } = given as { readonly length?: number };
  return Object.is(given, 0) || given === 0n || given === false || length === 0;
}

/** Numbers are packed, as proto3 has it. */
function items(field: Field, given: readonly unknown[]): Uint8Array[] {
  const { number, type } = field;
  if (given.length === 0 || wireTypeOf(type) === WireType.bytes)
    return given.flatMap((item) => value(field, item));
  return delimited(
    number,
    given.map((item) => scalar(type as Scalar, item)),
  );
}

function entryOf({ number }: Field, entry: readonly unknown[]): Uint8Array[] {
  const pieces = entry.flatMap((text, i) => delimited(i + 1, [Buffer.from(text as string)]));
  return delimited(number, pieces);
}

function value({ number, type }: Field, given: unknown): Uint8Array[] {
  if (type instanceof MessageTable) return delimited(number, piecesOf(type, given as Fields));
  const wireType = wireTypeOf(type);
  const bytes = scalar(type as Scalar, given);
  return wireType === WireType.bytes ? delimited(number, [bytes]) : [tag(number, wireType), bytes];
}

function delimited(number: number, pieces: readonly Uint8Array[]): Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [tag(number, WireType.bytes), varint(BigInt(length)), ...pieces];
}

function tag(number: number, wireType: number): Uint8Array {
  return varint(BigInt(number * 8 + wireType));
}

function scalar(type: Scalar, given: unknown): Uint8Array {
  const fixed = Buffer.alloc(wireTypeOf(type) === WireType.bits64 ? 8 : 4);
  switch (type) {
    case "string":
      return Buffer.from(given as string);
    case "bytes":
      return given as Uint8Array;
    case "fixed32":
      fixed.writeUInt32LE(given as number);
      return fixed;
    case "fixed64":
      fixed.writeBigUInt64LE(given as bigint);
      return fixed;
    case "float":
      fixed.writeFloatLE(given as number);
      return fixed;
    case "double":
      fixed.writeDoubleLE(given as number);
      return fixed;
    case "bool":
    case "int32":
    case "uint32":
    case "int64":
    case "uint64":
      return varint(BigInt(given as number | bigint | boolean));
  }
}

/** Negative numbers take all ten bytes. */
function varint(number: bigint): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, number);
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  bytes.push(Number(left));
  return Uint8Array.from(bytes);
}
