/** What a side of an HTTP/2 connection grants its peer. */

import { RESET_ALLOWANCE } from "./budget.ts";
import { MAX_FRAME_BYTES } from "./frame.ts";

/** Windows in bytes; `nowMs` is monotonic. */
export interface Http2Options {
  readonly role: "client" | "server";
  readonly nowMs: number;
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly maxConcurrentStreams: number;
  readonly maxHeaderListBytes: number;
  /** The largest payload of a frame that the peer may send (SETTINGS_MAX_FRAME_SIZE), 16,384 to 16,777,215. */
  readonly maxFrameBytes: number;
  /** How many streams the peer may have reset at once; they come back as RESET_ALLOWANCE says. */
  readonly maxResets: number;
  /** The highest number that a client gives to a stream; then it takes no more. 2^31-1 where not said (RFC 9113 §5.1.1). */
  readonly lastStreamId?: number;
}

/** What whoever drives a connection may grant; HTTP2_DEFAULTS holds for what it does not say. */
export type Http2Grants = Partial<Omit<Http2Options, "role" | "nowMs">>;

/** Defaults: Linkerd's windows, and bounds for what a peer may have open. */
export const HTTP2_DEFAULTS: Omit<Http2Options, "role" | "nowMs"> = {
  streamWindowBytes: 65_535,
  connectionWindowBytes: 1024 * 1024,
  maxConcurrentStreams: 1024,
  maxHeaderListBytes: 64 * 1024,
  maxFrameBytes: MAX_FRAME_BYTES,
  maxResets: RESET_ALLOWANCE.burst,
};

/**
 * How many streams a client opens where the peer's settings do not say, and before they are there: they may allow as
 * little as one, and what a server refuses is a round trip lost.
 */
export const CLIENT_STREAMS: { readonly unlessSaid: number; readonly beforeSettings: number } = {
  unlessSaid: 100,
  beforeSettings: 1,
};
