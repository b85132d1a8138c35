/** The interface every connection has: chunks in, whole writes out, half-close, back-pressure. */

/** Who a connection talks to. All calls come from the event loop, never from within `write`. */
export interface ByteStreamHandler {
  /** Bytes of the peer. They are gone after the call: copy what you keep. */
  onData(chunk: Uint8Array): void;
  /** The peer has half-closed: no more data will come. */
  onEnd(): void;
  /** All that was queued has been written. It may also come with nothing queued. */
  onDrain(): void;
  /** The connection is gone; called exactly once, with the error where it was reset. */
  onClose(error: Error | undefined): void;
}

/** One connection: TCP, Unix or TLS. */
export interface ByteStream {
  /** Whoever handles the connection now; detection hands a stream on by replacing it. */
  handler: ByteStreamHandler;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The address the connection was made to: in eBPF mode the original destination. */
  readonly localAddress: string;
  readonly localPort: number;
  /**
   * Takes the bytes, or `bytes[from .. to)` (what the kernel refuses is copied and queued). False means: stop until
   * `onDrain`. A write after `end` or after close is dropped.
   */
  write(bytes: Uint8Array, from?: number, to?: number): boolean;
  /** Bytes accepted and not yet given to the kernel. */
  readonly queuedBytes: number;
  /** Half-closes once the queue is written. */
  end(): void;
  /** Closes at once, with a reset where the transport has one; the queue is lost. */
  destroy(): void;
  pause(): void;
  resume(): void;
}
