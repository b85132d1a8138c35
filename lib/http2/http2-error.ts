/** What went wrong on an HTTP/2 connection, and what dies of it. */

/** Error codes (RFC 9113 §7). */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
} as const;

/** The peer broke the protocol. `dies` says whether one stream ends or the connection (RFC 9113 §5.4). */
export class Http2Error extends Error {
  override readonly name = "Http2Error";
  readonly code: number;
  readonly dies: "stream" | "connection";

  constructor(
    message: string,
    how: { readonly code: number; readonly dies: "stream" | "connection" },
  ) {
    super(message);
    this.code = how.code;
    this.dies = how.dies;
  }
}

/** An error that ends the connection. */
export function connectionError(code: number, message: string): Http2Error {
  return new Http2Error(message, { code, dies: "connection" });
}

/** An error that ends one stream. */
export function streamError(code: number, message: string): Http2Error {
  return new Http2Error(message, { code, dies: "stream" });
}
