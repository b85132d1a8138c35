/** What the peer may still send: our windows, and the WINDOW_UPDATEs that open them again (RFC 9113 §5.2). */

import type { FrameWriter } from "./frame-writer.ts";
import { connectionError, ErrorCode, streamError } from "./http2-error.ts";
import type { Http2Options } from "./http2-options.ts";
import { DEFAULT_WINDOW_BYTES } from "./sender.ts";
import type { Http2Stream } from "./stream.ts";

/**
 * So much may the paused requests of one connection hold before its window stays closed, and with it all of them. Below,
 * 256 requests with Linkerd's window may stand still and hold nobody up. Responses have but their own windows: many
 * clients share a connection to a server, and those of one that does not read may not stop those of another.
 */
export const HELD_LIMIT_BYTES: number = 16 * 1024 * 1024;

/** Counts what came in and credits it in halves of a window. */
export class ReceiveWindows {
  readonly #writer: FrameWriter;
  readonly #streamWindow: number;
  readonly #connectionWindow: number;
  #received = 0;
  readonly #heldLimit: number;
  #held = 0;
  /** The peer has read our settings; until then streams have the window that every one begins with (RFC 9113 §6.9.2). */
  settled = false;

  constructor(writer: FrameWriter, options: Http2Options) {
    this.#writer = writer;
    this.#streamWindow = options.streamWindowBytes;
    this.#heldLimit = options.role === "server" ? HELD_LIMIT_BYTES : Number.POSITIVE_INFINITY;
    this.#connectionWindow = Math.max(options.connectionWindowBytes, DEFAULT_WINDOW_BYTES);
  }

  /** Widens the connection's window to what was configured. */
  open(): void {
    const more = this.#connectionWindow - DEFAULT_WINDOW_BYTES;
    if (more > 0) this.#writer.windowUpdate(0, more);
  }

  /** DATA came, for whatever stream: padding counts too. Throws where the connection's window was exceeded. */
  onConnection(bytes: number): void {
    this.#received += bytes;
    if (this.#received > this.#connectionWindow)
      throw connectionError(
        ErrorCode.FLOW_CONTROL_ERROR,
        "Cannot read DATA: it exceeds the connection's window",
      );
    this.#creditConnection();
  }

  /** Bytes of paused streams came to be held, or, below 0, no longer are. */
  hold(bytes: number): void {
    this.#held += bytes;
    if (bytes < 0) this.#creditConnection();
  }

  #creditConnection(): void {
    if (this.#received * 2 < this.#connectionWindow || this.#held > this.#heldLimit) return;
    this.#writer.windowUpdate(0, this.#received);
    this.#received = 0;
  }

  /** DATA came for this stream. Throws where the stream's window was exceeded. */
  onStream(stream: Http2Stream, bytes: number): void {
    stream.received += bytes;
    const over = stream.received > this.#streamWindow;
    if (over && (this.settled || stream.received > DEFAULT_WINDOW_BYTES))
      throw streamError(
        ErrorCode.FLOW_CONTROL_ERROR,
        "Cannot read DATA: it exceeds the stream's window",
      );
  }

  /** Lets the stream's peer send on, where that is worth a frame. */
  credit(stream: Http2Stream): void {
    if (stream.closed || stream.remoteEnded || stream.received * 2 < this.#streamWindow) return;
    this.#writer.windowUpdate(stream.id, stream.received);
    stream.received = 0;
  }
}
