/** An extended CONNECT that waits for its server to say whether it takes such requests (RFC 8441 §3). */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import type { ClientConnection, ClientStream, Reset, ResponseHandler } from "./exchange.ts";
import { HeldBody } from "./held-body.ts";

/** Stands in for the stream until it may be opened. What comes for it until then stops at its first bytes. */
export class WithheldStream implements ClientStream {
  readonly #head: RequestHead;
  readonly #handler: ResponseHandler;
  readonly #body: HeldBody;
  #cancelled = false;
  #paused = false;
  #stream: ClientStream | undefined;

  constructor(head: RequestHead, end: boolean, handler: ResponseHandler) {
    this.#head = head;
    this.#handler = handler;
    this.#body = new HeldBody(end);
  }

  /** The server takes it. */
  open(connection: ClientConnection): void {
    if (this.#cancelled) return;
    const { isNone } = this.#body;
    const stream = connection.send(this.#head, isNone, this.#handler);
    this.#stream = stream;
    if (this.#paused) stream.pauseResponse();
    if (!isNone) this.#body.release(stream, this.#handler);
  }

  /** The server does not, or is gone: CONNECT_ERROR for what was not processed says that, and nothing else does. */
  refuse(reason: "refused" | "connection"): void {
    this.#giveBack({ reason, code: ErrorCode.CONNECT_ERROR, unprocessed: true });
  }

  /** The server takes such requests, but no more of any now: it goes elsewhere. */
  turnAway(): void {
    this.#giveBack({ reason: "refused", code: ErrorCode.REFUSED_STREAM, unprocessed: true });
  }

  #giveBack(reset: Reset): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#handler.onResponseReset(reset);
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#stream !== undefined) return this.#stream.sendBytes(bytes, from, to);
    this.#body.data(bytes, from, to);
    return false;
  }

  sendEnd(trailers: HeaderList | undefined): void {
    if (this.#stream === undefined) this.#body.end(trailers);
    else this.#stream.sendEnd(trailers);
  }

  resetRequest(code: number): void {
    this.#cancelled = true;
    this.#stream?.resetRequest(code);
  }

  pauseResponse(): void {
    this.#paused = true;
    this.#stream?.pauseResponse();
  }

  resumeResponse(): void {
    this.#paused = false;
    this.#stream?.resumeResponse();
  }
}
