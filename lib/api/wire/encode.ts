/** Messages into bytes, by tables. */

import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { BackwardWriter } from "./backward-writer.ts";
import { wireTypeOf } from "./decode.ts";
import { WireType } from "./reader.ts";
import { type Field, MessageTable, type Scalar } from "./table.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Writes a message; what is not set is not written, nor are zeros outside a oneof. */
export function encode<D extends DescMessage>(
  table: MessageTable<D>,
  message: MessageInitShape<D>,
): Uint8Array {
  const out = new BackwardWriter();
  writeMessage(out, table, message as Fields);
  return out.take();
}

/** From its last field to its first: so the length of each part is known when it is to be written. */
function writeMessage(out: BackwardWriter, { fields }: MessageTable, message: Fields): void {
  for (let i = fields.length - 1; i >= 0; i--) writeField(out, fields[i] as Field, message);
}

function writeField(out: BackwardWriter, field: Field, message: Fields): void {
  const { name, oneof, repeated, type } = field;
  if (oneof !== undefined) {
    const chosen = message[oneof] as Fields | undefined;
    if (chosen?.["case"] === name) writeValue(out, field, chosen["value"]);
    return;
  }
  const given = message[name];
  if (given === undefined) return;
  if (type === "map") writeMap(out, field, given as Readonly<Record<string, string>>);
  else if (repeated) writeItems(out, field, given as readonly unknown[]);
  else if (!isZero(given)) writeValue(out, field, given);
}

/** An empty list stands for what was not given; -0 is not zero. */
function isZero(given: unknown): boolean {
  const { length } = given as { readonly length?: number };
  return Object.is(given, 0) || given === 0n || given === false || length === 0;
}

/** Numbers are packed, as proto3 has it. */
function writeItems(out: BackwardWriter, field: Field, given: readonly unknown[]): void {
  const { number, type } = field;
  const packed = wireTypeOf(type) !== WireType.bytes;
  const end = out.length;
  for (let i = given.length - 1; i >= 0; i--)
    if (packed) writeScalar(out, type as Scalar, given[i]);
    else writeValue(out, field, given[i]);
  if (packed && given.length > 0) out.delimit(number, end);
}

function writeMap(
  out: BackwardWriter,
  { number }: Field,
  given: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(given).reverse()) {
    const end = out.length;
    writeText(out, 2, value);
    writeText(out, 1, key);
    out.delimit(number, end);
  }
}

function writeText(out: BackwardWriter, number: number, text: string): void {
  const end = out.length;
  out.text(text);
  out.delimit(number, end);
}

function writeValue(out: BackwardWriter, { number, type }: Field, given: unknown): void {
  const end = out.length;
  if (type instanceof MessageTable) writeMessage(out, type, given as Fields);
  else writeScalar(out, type as Scalar, given);
  const wireType = wireTypeOf(type);
  if (wireType === WireType.bytes) out.delimit(number, end);
  else out.tag(number, wireType);
}

function writeScalar(out: BackwardWriter, type: Scalar, given: unknown): void {
  switch (type) {
    case "string":
      out.text(given as string);
      break;
    case "bytes":
      out.push(given as Uint8Array);
      break;
    case "fixed32":
      out.fixed32(given as number);
      break;
    case "fixed64":
      out.fixed64(given as bigint);
      break;
    case "float":
      out.float(given as number);
      break;
    case "double":
      out.double(given as number);
      break;
    case "int64":
    case "uint64":
      out.varint64(BigInt(given as number | bigint));
      break;
    case "bool":
    case "int32":
    case "uint32": {
      const number = Number(given);
      if (number < 0) out.varint64(BigInt(number));
      else out.varint(number);
    }
  }
}
