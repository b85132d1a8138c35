/** How clients are to set up HTTP/2 towards meshed endpoints (DST4); what is undefined is as the client has it. */

/** Sizes in bytes, times in milliseconds. */
export type Http2Params = {
  readonly flowControl:
    | {
        readonly connectionWindow: number;
        readonly streamWindow: number;
        readonly adaptive: boolean;
      }
    | undefined;
  readonly keepAlive:
    | { readonly intervalMs: number; readonly timeoutMs: number; readonly whileIdle: boolean }
    | undefined;
  readonly internals:
    | {
        readonly maxConcurrentResetStreams: number;
        readonly maxFrameSize: number;
        readonly maxSendBufSize: number;
      }
    | undefined;
};
