/** One request on an HTTP/1 server connection, and how its response is framed. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { hasOption } from "#lib/http1/framing.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { NOBODY, type RequestHandler, type Reset, type ServerStream } from "./exchange.ts";
import type { Http1Output, OutputFraming } from "./http1-output.ts";

/** What a request's stream needs of its connection. */
export interface Http1Host {
  readonly stream: ByteStream;
  readonly output: Http1Output;
  readonly draining: boolean;
  pause(): void;
  resume(): void;
  destroy(): void;
  becomeTunnel(current: Http1ServerStream): void;
  responded(finished: Http1ServerStream): void;
}

/** One request and its response; `host` is the connection they are on. */
export class Http1ServerStream implements ServerStream {
  readonly request: RequestHead;
  readonly requestEnded: boolean;
  handler: RequestHandler = NOBODY;
  persistent: boolean;
  requestDone = false;
  /** How far its answer is; that of a tunnel ends before the tunnel may have ended. */
  answer: "due" | "begun" | "tunnel" | "half-closed" | "done" = "due";
  readonly #host: Http1Host;
  readonly #old: boolean;

  constructor(host: Http1Host, request: RequestHead, how: { ended: boolean; persistent: boolean }) {
    this.#host = host;
    this.request = request;
    this.requestEnded = how.ended;
    this.persistent = how.persistent;
    this.#old = request.version === "HTTP/1.0";
  }

  /** Whether nothing more of an answer comes. */
  get answered(): boolean {
    return this.answer === "done" || this.answer === "half-closed";
  }

  pauseRequest(): void {
    if (this.answer !== "done") this.#host.pause();
  }

  resumeRequest(): void {
    if (this.answer !== "done") this.#host.resume();
  }

  sendInformational(head: ResponseHead): void {
    if (this.answer !== "due" || this.#old) return;
    head.headers.delete("content-length");
    head.headers.delete("transfer-encoding");
    this.#host.output.response(head, "", "none");
  }

  sendHead(head: ResponseHead, end: boolean): void {
    if (this.answer !== "due") return;
    this.answer = "begun";
    const { status, headers } = head;
    headers.delete("transfer-encoding");
    const connection = headers.get("connection");
    if (connection !== undefined) {
      if (hasOption(connection, "close")) this.persistent = false;
      headers.delete("connection");
    }
    if (status === 101 || (this.request.method === "CONNECT" && status >= 200 && status < 300)) {
      this.#sendTunnel(head);
      return;
    }
    this.#sendFramed(head, end);
    if (end) {
      this.#host.output.end(undefined);
      this.#done();
    }
  }

  /** Chooses how the body is framed (RFC 9112 §6.3). */
  #sendFramed(head: ResponseHead, end: boolean): void {
    const { headers, status } = head;
    if (status === 204) headers.delete("content-length");
    const bodiless = this.request.method === "HEAD" || status === 204 || status === 304;
    const sized = headers.has("content-length");
    if (bodiless) this.#write(head, "", "none");
    else if (sized) this.#write(head, "", "length");
    else if (end) this.#write(head, "content-length: 0\r\n", "none");
    else if (this.#old) {
      this.persistent = false;
      this.#write(head, "", "close");
    } else this.#write(head, "transfer-encoding: chunked\r\n", "chunked");
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    return this.answered || this.#host.output.body(bytes, from, to);
  }

  sendEnd(trailers: HeaderList | undefined): void {
    if (this.answered) return;
    this.#host.output.end(trailers);
    if (this.answer === "tunnel") {
      this.answer = "half-closed";
      this.#host.output.flush();
      this.#host.stream.end();
    } else this.#done();
  }

  resetResponse(_code: number): void {
    if (this.answer === "done") return;
    this.answer = "done";
    this.#host.destroy();
  }

  /** The request comes to nothing, and its handler hears why. */
  reset(reason: Reset["reason"]): void {
    this.answer = "done";
    this.handler.onRequestReset({ reason, code: ErrorCode.CANCEL, unprocessed: false });
  }

  #sendTunnel(head: ResponseHead): void {
    head.headers.delete("content-length");
    this.answer = "tunnel";
    this.persistent = false;
    const extra = head.status === 101 ? "connection: upgrade\r\n" : "";
    this.#host.output.response(head, extra, "raw");
    this.#host.becomeTunnel(this);
  }

  #write(head: ResponseHead, extra: string, framing: OutputFraming): void {
    if (this.#host.draining) this.persistent = false;
    let connection = "";
    if (!this.persistent) connection = "connection: close\r\n";
    else if (this.#old) connection = "connection: keep-alive\r\n";
    const length = framing === "length" ? Number(head.headers.get("content-length")) : 0;
    this.#host.output.response(head, extra + connection, framing, length);
  }

  #done(): void {
    this.answer = "done";
    this.#host.responded(this);
  }
}
