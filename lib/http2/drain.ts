/** The end of a connection that loses no request: GOAWAY in two steps (RFC 9113 §6.8). */

import { FrameType } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { ErrorCode } from "./http2-error.ts";
import { MAX_WINDOW } from "./settings.ts";
import type { StreamReceiver } from "./stream-receiver.ts";

const PING: Buffer = Buffer.from("drain!\0\0", "latin1");

/** Ends a connection once its streams have ended. */
export class Drain {
  /** No new streams are wanted. */
  begun = false;
  /** A server waits for the answer to its ping: requests that the peer sent before it saw GOAWAY still come. */
  asked = false;
  readonly #writer: FrameWriter;
  readonly #streams: StreamReceiver;

  constructor(writer: FrameWriter, streams: StreamReceiver) {
    this.#writer = writer;
    this.#streams = streams;
  }

  /** Whether no further stream can come. */
  get over(): boolean {
    return this.begun && !this.asked;
  }

  /** A server's first step: it names no stream yet, so that none in flight is lost. */
  ask(): void {
    this.asked = true;
    this.#writer.goAway(MAX_WINDOW, ErrorCode.NO_ERROR);
    this.#writer.frame(FrameType.PING, 0, 0, PING);
  }

  /** The second step, where this is the answer to the ping: what the peer opens from now on is refused. */
  onPong(payload: Buffer): void {
    if (!this.asked || !payload.equals(PING)) return;
    this.asked = false;
    this.#streams.refusing = true;
    this.#writer.goAway(this.#streams.table.lastPeerId, ErrorCode.NO_ERROR);
  }
}
