/** Bytes into messages of the shape that protobuf-es gives, by tables instead of its descriptors. */

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { WireError, WireReader, WireType } from "./reader.ts";
import { type Field, MessageTable, type Scalar } from "./table.ts";

/** Messages and groups within each other, the outermost counted; protobuf's own limit. */
const DEPTH_LIMIT = 100;

type Fields = Record<string, unknown>;
type Oneof = { readonly case: string | undefined; readonly value?: unknown };

/** Reads a message; fields it does not know are passed over. Throws WireError. */
export function decode<D extends DescMessage>(
  table: MessageTable<D>,
  bytes: Uint8Array,
): MessageShape<D> {
  const message = emptyMessage(table);
  readInto(message, table, { reader: new WireReader(bytes), depth: 1 });
  return message as MessageShape<D>;
}

interface Place {
  readonly reader: WireReader;
  readonly depth: number;
}

/** A message in which nothing is set: scalars are zero, lists and maps empty, messages absent. */
function emptyMessage(table: MessageTable): Fields {
  const message: Fields = { $typeName: table.typeName };
  for (const { name, oneof, repeated, type } of table.fields) {
    if (oneof !== undefined) message[oneof] = { case: undefined };
    else if (repeated) message[name] = [];
    else if (type === "map") message[name] = {};
    else if (!(type instanceof MessageTable)) message[name] = zeroOf(type);
  }
  return message;
}

function zeroOf(type: Scalar): unknown {
  if (type === "string") return "";
  if (type === "bytes") return new Uint8Array(0);
  if (type === "bool") return false;
  return type === "int64" || type === "uint64" || type === "fixed64" ? 0n : 0;
}

/** Reads the window's fields; what comes twice is merged, appended or replaced, as protobuf demands. */
function readInto(message: Fields, table: MessageTable, { reader, depth }: Place): void {
  if (depth > DEPTH_LIMIT) throw new WireError("depth");
  while (!reader.done) {
    const tag = reader.tag();
    const field = table.field(tag >>> 3);
    if (field === undefined) reader.skip(tag, DEPTH_LIMIT - depth);
    else if (field.repeated)
      readItems(message[field.name] as unknown[], field, { reader, depth, tag });
    else readSingle(message, field, { reader, depth, tag });
  }
}

interface Value extends Place {
  readonly tag: number;
}

/** One item, or several packed into one value. */
function readItems(items: unknown[], { type }: Field, at: Value): void {
  const { reader, tag } = at;
  const packed = (tag & 7) === WireType.bytes && wireTypeOf(type) !== WireType.bytes;
  if (!packed) {
    items.push(readValue(type, undefined, at));
    return;
  }
  const outer = reader.enter();
  while (!reader.done) items.push(reader[type as Scalar]());
  reader.leave(outer);
}

function readSingle(message: Fields, { name, oneof, type }: Field, at: Value): void {
  if (oneof === undefined) {
    message[name] = readValue(type, message[name], at);
    return;
  }
  const before = message[oneof] as Oneof;
  const known = before.case === name ? before.value : undefined;
  message[oneof] = { case: name, value: readValue(type, known, at) };
}

/** A value that takes the place of `before`, or goes on with it where it is a message or a map. */
function readValue(type: Field["type"], before: unknown, { reader, depth, tag }: Value): unknown {
  if ((tag & 7) !== wireTypeOf(type)) throw new WireError("wire-type");
  if (typeof type === "string" && type !== "map") return reader[type]();
  const outer = reader.enter();
  const known = before as Fields | undefined;
  const value =
    type === "map" ? readEntry(known as Fields, { reader, depth }) : (known ?? emptyMessage(type));
  if (type !== "map") readInto(value, type, { reader, depth: depth + 1 });
  reader.leave(outer);
  return value;
}

/** One entry of a map; a key or value that is absent is empty, and a key may be `__proto__`. */
function readEntry(map: Fields, { reader, depth }: Place): Fields {
  const entry = ["", ""];
  while (!reader.done) {
    const tag = reader.tag();
    const number = tag >>> 3;
    if (number > 2) reader.skip(tag, DEPTH_LIMIT - depth);
    else if ((tag & 7) !== WireType.bytes) throw new WireError("wire-type");
    else entry[number - 1] = reader.string();
  }
  const [key = "", value] = entry;
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
  return map;
}

/** How values of a type are encoded when they are not packed. */
export function wireTypeOf(type: Field["type"]): number {
  return type instanceof MessageTable ? WireType.bytes : WIRE_TYPES[type];
}

const WIRE_TYPES: Readonly<Record<Scalar | "map", number>> = {
  bool: WireType.varint,
  int32: WireType.varint,
  uint32: WireType.varint,
  int64: WireType.varint,
  uint64: WireType.varint,
  fixed32: WireType.bits32,
  float: WireType.bits32,
  fixed64: WireType.bits64,
  double: WireType.bits64,
  string: WireType.bytes,
  bytes: WireType.bytes,
  map: WireType.bytes,
};
