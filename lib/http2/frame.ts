/** Frame types, flags and sizes (RFC 9113 §4 and §6). */

/** Frame types by name. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Flags; what a bit means depends on the type. */
export const Flag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

/** The bytes in front of each payload. */
export const FRAME_HEADER_BYTES = 9;

/** The largest frame that either side may send unless told otherwise. */
export const MAX_FRAME_BYTES = 16_384;

/** What a client sends first (RFC 9113 §3.4). */
export const PREFACE: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** One whole frame where it arrived: `bytes[from .. to)` is its payload. The reader uses one object for all frames. */
export class Frame {
  type = 0;
  flags = 0;
  streamId = 0;
  bytes: Buffer = NOTHING;
  from = 0;
  to = 0;

  get length(): number {
    return this.to - this.from;
  }

  /** The payload; a view, made where one is needed. */
  view(): Buffer {
    return this.bytes.subarray(this.from, this.to);
  }
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Takes whole frames, each valid during the call only. */
export interface FrameSink {
  onFrame(frame: Frame): void;
}
