/** The messages of gRPC's interoperability tests, as far as unary and server-streaming calls use them. */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Paths of `grpc.testing.TestService`, and what its cases send. */
export const TEST_SERVICE = "/grpc.testing.TestService/";
export const LARGE_REQUEST_BYTES = 271_828;
export const LARGE_RESPONSE_BYTES = 314_159;

/** A SimpleRequest or StreamingOutputCallRequest. */
export interface TestRequest {
  /** Bytes of each response wanted: one of a unary call, any number of a streaming one. */
  readonly sizes: readonly number[];
  /** Bytes of its own payload. */
  readonly payloadBytes: number;
  /** Microseconds that the server waits before each. */
  readonly intervalUs?: number;
  readonly status?: { readonly code: number; readonly message: string };
}

/** Numbers of fields, the same in both requests but for the sizes. */
const Field = { SIZE: 2, PARAMETERS: 2, PAYLOAD: 3, STATUS: 7 } as const;

function message(writer: BinaryWriter, field: number, bytes: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(bytes);
}

/** Writes a request of either kind. */
export function writeRequest(request: TestRequest, kind: "unary" | "streaming"): Uint8Array {
  const writer = new BinaryWriter();
  for (const size of request.sizes) {
    const number = new BinaryWriter();
    number.tag(kind === "unary" ? Field.SIZE : 1, WireType.Varint).int32(size);
    if (request.intervalUs !== undefined) number.tag(2, WireType.Varint).int32(request.intervalUs);
    if (kind === "unary") writer.raw(number.finish());
    else message(writer, Field.PARAMETERS, number.finish());
  }
  message(writer, Field.PAYLOAD, payloadOf(request.payloadBytes));
  if (request.status !== undefined) {
    const { code, message: text } = request.status;
    const status = new BinaryWriter().tag(1, WireType.Varint).int32(code);
    status.tag(2, WireType.LengthDelimited).string(text);
    message(writer, Field.STATUS, status.finish());
  }
  return writer.finish();
}

/** Reads the sizes that a request wants, and its payload's length. */
export function readRequest(bytes: Uint8Array, kind: "unary" | "streaming"): TestRequest {
  const reader = new BinaryReader(bytes);
  const sizes: number[] = [];
  let payloadBytes = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === Field.SIZE && kind === "unary") sizes.push(reader.int32());
    else if (field === Field.PARAMETERS) sizes.push(numberOf(reader.bytes(), 1));
    else if (field === Field.PAYLOAD) payloadBytes = bodyOf(reader.bytes()).length;
    else reader.skip(type, field);
  }
  return { sizes, payloadBytes };
}

/** A response of either kind with so much payload. */
export function writeResponse(size: number): Uint8Array {
  const writer = new BinaryWriter();
  message(writer, 1, payloadOf(size));
  return writer.finish();
}

/** How much payload a response of either kind has; 0 without. */
export function responseBytes(bytes: Uint8Array): number {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) return bodyOf(reader.bytes()).length;
    reader.skip(type, field);
  }
  return 0;
}

function payloadOf(size: number): Uint8Array {
  const writer = new BinaryWriter();
  message(writer, 2, new Uint8Array(size));
  return writer.finish();
}

function bodyOf(payload: Uint8Array): Uint8Array {
  const reader = new BinaryReader(payload);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 2) return reader.bytes();
    reader.skip(type, field);
  }
  return new Uint8Array(0);
}

function numberOf(bytes: Uint8Array, wanted: number): number {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted) return reader.int32();
    reader.skip(type, field);
  }
  return 0;
}
