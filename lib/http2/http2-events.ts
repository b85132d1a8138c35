/** What happens on an HTTP/2 connection, as its driver hears it. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type { Http2Stream } from "./stream.ts";

/** How a stream was lost. `unprocessed`: the peer is sure not to have acted on it. */
export interface StreamLoss {
  readonly code: number;
  readonly unprocessed: boolean;
  readonly goAway: boolean;
}

/** All calls come from within `receive`, or from what was asked of the connection. */
export interface Http2Events {
  onRequest(stream: Http2Stream, head: RequestHead, end: boolean): void;
  onResponse(stream: Http2Stream, head: ResponseHead, end: boolean): void;
  /** `bytes[from .. to)`, which is not empty, valid during the call only. */
  onStreamBytes(stream: Http2Stream, bytes: Buffer, from: number, to: number): void;
  onStreamEnd(stream: Http2Stream, trailers: HeaderList | undefined): void;
  onReset(stream: Http2Stream, how: StreamLoss): void;
  onWritable(stream: Http2Stream): void;
  /** More streams may be opened, or none any more: look at `available` again. Names the stream that has closed, if any. */
  onChanged(closed?: Http2Stream): void;
}
