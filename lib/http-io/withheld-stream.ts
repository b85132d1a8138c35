/** An extended CONNECT that waits for its server to say whether it takes such requests (RFC 8441 §3). */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import type { ClientConnection, ClientStream, ResponseHandler } from "./exchange.ts";

/** Stands in for the stream until it may be opened. What comes for it until then stops at its first bytes. */
export class WithheldStream implements ClientStream {
  readonly #head: RequestHead;
  #end: boolean;
  readonly #handler: ResponseHandler;
  #chunks: Uint8Array[] = [];
  #trailers: HeaderList | undefined;
  #cancelled = false;
  #paused = false;
  #stream: ClientStream | undefined;

  constructor(head: RequestHead, end: boolean, handler: ResponseHandler) {
    this.#head = head;
    this.#end = end;
    this.#handler = handler;
  }

  /** The server takes it. */
  open(connection: ClientConnection): void {
    if (this.#cancelled) return;
    const bare = this.#end && this.#chunks.length === 0 && this.#trailers === undefined;
    const stream = connection.send(this.#head, bare, this.#handler);
    this.#stream = stream;
    if (this.#paused) stream.pauseResponse();
    let writable = true;
    for (const chunk of this.#chunks) writable = stream.sendBytes(chunk, 0, chunk.length);
    if (this.#end && !bare) stream.sendEnd(this.#trailers);
    else if (this.#chunks.length > 0 && writable) this.#handler.onRequestWritable();
    this.#chunks = [];
  }

  /** The server does not, or is gone: CONNECT_ERROR for what was not processed says that, and nothing else does. */
  refuse(reason: "refused" | "connection"): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#handler.onResponseReset({ reason, code: ErrorCode.CONNECT_ERROR, unprocessed: true });
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#stream !== undefined) return this.#stream.sendBytes(bytes, from, to);
    this.#chunks.push(new Uint8Array(bytes.subarray(from, to)));
    return false;
  }

  sendEnd(trailers: HeaderList | undefined): void {
    this.#end = true;
    this.#trailers = trailers;
    this.#stream?.sendEnd(trailers);
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
