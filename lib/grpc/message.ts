/** Messages of protobuf as a service reads them: what a caller sends wrongly is the caller's fault. */

import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { GrpcCode, GrpcError } from "./status.ts";

/** Decodes a request. Throws GrpcError: INVALID_ARGUMENT where it is none, or is nested deeper than 100 levels. */
export function readMessage<T extends DescMessage>(schema: T, bytes: Uint8Array): MessageShape<T> {
  try {
    return fromBinary(schema, bytes);
  } catch {
    throw new GrpcError(GrpcCode.INVALID_ARGUMENT, `request is no ${schema.typeName}`);
  }
}
