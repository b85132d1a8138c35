/** gRPC status codes, and how messages travel in trailers. */

import { HeaderList } from "#lib/http/headers.ts";

/** Codes by name. */
export const GrpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** How a call ended; OK is no error. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Whether a content-type is gRPC's: `application/grpc`, perhaps with `+proto` or parameters. */
export function isGrpcContent(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:$|[+; ])/i.test(contentType);
}

/** Characters of a message that are sent: one that repeats what was asked must not grow beyond a header list. */
export const MESSAGE_LIMIT = 1_024;

/** The trailers that end a call. */
export function statusTrailers(code: number, message: string): HeaderList {
  const trailers = HeaderList.of(["grpc-status", String(code)]);
  if (message !== "") trailers.add("grpc-message", encodeMessage(message.slice(0, MESSAGE_LIMIT)));
  return trailers;
}

/** What trailers, or headers without a body, say; undefined where they carry no status. */
export function readStatus(headers: HeaderList | undefined): GrpcError | undefined {
  const code = headers?.get("grpc-status");
  if (code === undefined || !/^\d{1,3}$/.test(code)) return undefined;
  return new GrpcError(Number(code), decodeMessage(headers?.get("grpc-message") ?? ""));
}

/** Percent-encodes what is not printable ASCII, `%`, and blanks at either end, which no field's value may have (RFC 9113 §8.2.1). */
export function encodeMessage(message: string): string {
  let text = "";
  for (const byte of new TextEncoder().encode(message))
    text +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return text.replace(/^ +| +$/g, (blanks) => "%20".repeat(blanks.length));
}

/** The reverse; what is not properly encoded stays as it is. */
export function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
