/** The agreement of a body with its content-length (RFC 9113 §8.1.1). */

import type { HeaderList } from "#lib/http/headers.ts";
import { contentLengthOf } from "./fields.ts";
import { ErrorCode, type Http2Error, streamError } from "./http2-error.ts";
import type { Http2Stream } from "./stream.ts";

/** Takes in what a head promises. Throws a stream error where it promises a body and ends the stream. */
export function promise(
  stream: Http2Stream,
  headers: HeaderList,
  how: { readonly end: boolean; readonly bodiless: boolean },
): void {
  const length = contentLengthOf(headers);
  // In an answer to CONNECT it says nothing (RFC 9110 §9.3.6).
  if (stream.tunnel) return;
  if (how.bodiless) stream.due = 0;
  else if (!how.end) stream.due = length;
  else if (length > 0) throw disagreement();
}

/** Takes in bytes of the body. Throws a stream error where they are too many, or too few at the end. */
export function deliver(stream: Http2Stream, bytes: number, end: boolean): void {
  if (stream.due < 0) return;
  stream.due -= bytes;
  if (stream.due < 0 || (end && stream.due > 0)) throw disagreement();
}

function disagreement(): Http2Error {
  return streamError(ErrorCode.PROTOCOL_ERROR, "Cannot accept body: content-length is another");
}
