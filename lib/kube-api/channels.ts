/** Numbered channels of bytes between the API server and a client, whatever carries them. */

/** The server's end. */
export interface Channels {
  /** False means: send no more until `onDrain`. */
  send(channel: number, bytes: Uint8Array): boolean;
  /** Reads no more of the client, until `resume`. */
  pause(): void;
  resume(): void;
  /** All is said; the client is told, and `onClose` is not called. */
  close(): void;
}

/** What the client does. */
export interface ChannelObserver {
  onData(channel: number, bytes: Uint8Array): void;
  /** The client sends no more on this channel. */
  onEnd(channel: number): void;
  onDrain(): void;
  /** The client is gone, or has broken the protocol. Called once. */
  onClose(): void;
}
