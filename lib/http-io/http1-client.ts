/** Sends HTTP/1 requests on a stream, one at a time. */

import { asBuffer } from "#lib/bytes/latin1.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { isIdempotent } from "#lib/http/semantics.ts";
import { Http1Error } from "#lib/http1/http1-error.ts";
import { ResponseReader, type ResponseSink } from "#lib/http1/response-reader.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import type { ByteStream, ByteStreamHandler } from "#lib/net/byte-stream.ts";
import type {
  ClientConnection,
  ClientObserver,
  ClientStream,
  Reset,
  ResponseHandler,
} from "./exchange.ts";
import { HeldBody } from "./held-body.ts";
import { Http1Output } from "./http1-output.ts";
import { outbox } from "./outbox.ts";
import { Patience, type ServerLimits } from "./patience.ts";
import type { Ticking } from "./ticker.ts";

/** How a connection ends; without a clock it waits for its server's end for ever. */
export interface Http1ClientOptions extends ServerLimits {
  /**
   * Ends by a reset once nothing is on its way: its port is free at once, where after an orderly end the kernel keeps it
   * for a minute, and of 28,000 ports that many connections in a minute are the most. HAProxy ends those to its servers so.
   */
  readonly abrupt?: boolean;
}

/** Makes an open stream an HTTP/1 client connection. */
export function connectHttp1(
  stream: ByteStream,
  observer: ClientObserver,
  options: Http1ClientOptions = {},
): ClientConnection {
  const connection = new Http1ClientConnection(stream, observer, options);
  stream.handler = connection;
  return connection;
}

/** What stands in for a body that is none: an upgrade, or the length of what usually has one (RFC 9110 §8.6). */
function closingLines({ method, headers }: RequestHead, upgrade: boolean): string {
  if (upgrade) return "connection: upgrade\r\n";
  const expected = method === "POST" || method === "PUT" || method === "PATCH";
  return expected && !headers.has("content-length") ? "content-length: 0\r\n" : "";
}

class Http1ClientConnection
  implements ClientConnection, ByteStreamHandler, ResponseSink, ClientStream, Ticking
{
  readonly version = "HTTP/1.1";
  readonly #stream: ByteStream;
  readonly #observer: ClientObserver;
  readonly #output: Http1Output;
  readonly #reader = new ResponseReader();
  readonly #options: Http1ClientOptions;
  /** Waits for the server's end once we have ended; before that nothing here has a limit. */
  #patience: Patience | undefined;
  #handler: ResponseHandler | undefined;
  #method = "";
  #requestEnded = false;
  /** What is said before its tunnel is open: the server would take it for a request. */
  #held: HeldBody | undefined;
  /** The connection is not used after this request. */
  #lastRequest = false;
  #hasBody = false;
  #reused = false;
  #paused = false;
  #draining = false;
  #peerEnded = false;

  constructor(stream: ByteStream, observer: ClientObserver, options: Http1ClientOptions) {
    this.#stream = stream;
    this.#observer = observer;
    this.#output = new Http1Output(stream);
    this.#options = options;
  }

  get available(): boolean {
    return this.#reader.state === "idle" && !this.#draining;
  }

  get activeStreams(): number {
    return this.#handler === undefined ? 0 : 1;
  }

  send(head: RequestHead, end: boolean, handler: ResponseHandler): ClientStream {
    const upgrade = head.headers.has("upgrade");
    this.#handler = handler;
    this.#method = head.method;
    this.#reader.begin(head.method, upgrade);
    this.#hasBody = !end;
    const waits = head.method === "CONNECT" || (upgrade && !end);
    this.#held = waits ? new HeldBody(end) : undefined;
    this.#requestEnded = end && !waits;
    this.#lastRequest = false;
    head.headers.delete("transfer-encoding");
    head.headers.delete("connection");
    if (end || waits) this.#output.request(head, closingLines(head, upgrade), "none");
    else this.#sendFramed(head);
    return this;
  }

  #sendFramed(head: RequestHead): void {
    // There are servers that do not look for a body here: what they leave unread must not be taken for a request.
    this.#lastRequest = head.method === "GET" || head.method === "HEAD";
    const extra = this.#lastRequest ? "connection: close\r\n" : "";
    const length = head.headers.get("content-length");
    if (length !== undefined) {
      this.#output.request(head, extra, "length", Number(length));
      return;
    }
    // There are no chunks in HTTP/1.0 (RFC 9112 §6.1).
    if (head.version === "HTTP/1.0") head.version = "HTTP/1.1";
    const lines = `${extra}transfer-encoding: chunked\r\n`;
    this.#output.request(head, lines, "chunked");
  }

  drain(): void {
    this.#draining = true;
    if (this.#reader.state === "idle") this.#shut();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#reader.state === "closed") return true;
    if (this.#held === undefined) return this.#output.body(bytes, from, to);
    this.#held.data(bytes, from, to);
    return false;
  }

  sendEnd(trailers: HeaderList | undefined): void {
    const { state } = this.#reader;
    if (state === "closed" || this.#requestEnded) return;
    if (this.#held !== undefined) {
      this.#held.end(trailers);
      return;
    }
    this.#requestEnded = true;
    if (state === "tunnel") {
      this.#output.flush();
      this.#stream.end();
      if (this.#peerEnded) this.#tunnelDone();
    } else this.#output.end(trailers);
  }

  resetRequest(_code: number): void {
    this.#handler = undefined;
    this.#stream.destroy();
  }

  pauseResponse(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resumeResponse(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream.resume();
  }

  onData(chunk: Uint8Array): void {
    outbox.enter();
    try {
      this.#run(asBuffer(chunk));
    } finally {
      outbox.leave();
    }
  }

  onEnd(): void {
    if (this.#reader.state === "tunnel") {
      this.#peerEnded = true;
      this.#handler?.onResponseEnd(undefined);
      if (this.#requestEnded) this.#tunnelDone();
    } else if (this.#reader.endsWithConnection) this.onBodyEnd(undefined);
    else this.#gone();
  }

  onDrain(): void {
    this.#output.drained();
    if (this.#held === undefined) this.#handler?.onRequestWritable();
  }

  onClose(error?: Error): void {
    // Where we have ended too, the peer's end may be told by this alone.
    if (error === undefined && this.#reader.state === "tunnel" && !this.#peerEnded) this.onEnd();
    this.#gone();
    this.#patience?.end();
  }

  tick(elapsedMs: number): void {
    if (this.#patience?.tick(elapsedMs, "closing") === true) this.#stream.destroy();
  }

  leftMs(): number {
    return this.#patience?.leftMs("closing") ?? Number.POSITIVE_INFINITY;
  }

  onInformational(head: ResponseHead): void {
    this.#handler?.onResponseInformational(head);
  }

  onHead(head: ResponseHead, ended: boolean): void {
    if (this.#reader.state === "tunnel") this.#output.tunnel();
    // Nothing is sent of what would have gone through the tunnel.
    else if (this.#reader.upgrades || this.#method === "CONNECT") this.#requestEnded = true;
    this.#handler?.onResponseHead(head, ended);
    // Only now: what is said on hearing of the head comes behind what waited for it.
    const held = this.#held;
    this.#held = undefined;
    if (ended) this.#responded();
    else if (held !== undefined && this.#handler !== undefined) held.release(this, this.#handler);
  }

  onBodyBytes(bytes: Buffer, from: number, to: number): void {
    this.#handler?.onResponseBytes(bytes, from, to);
  }

  onBodyEnd(trailers: HeaderList | undefined): void {
    this.#handler?.onResponseEnd(trailers);
    this.#responded();
  }

  #run(bytes: Buffer): void {
    try {
      this.#reader.take(bytes, this);
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error;
      this.#lost({ reason: "protocol", code: ErrorCode.INTERNAL_ERROR, unprocessed: false });
    }
    // Only now: what comes behind a response is no answer to the next request.
    if (this.#reader.state !== "idle" || !this.#reader.begun) return;
    this.#reader.begun = false;
    this.#observer.onAvailable(this);
  }

  /** The response is complete: the connection is free again, or useless. */
  #responded(): void {
    if (this.#reader.state === "closed") return;
    this.#handler = undefined;
    this.resumeResponse();
    if (!this.#requestEnded) {
      // Its server would take what follows for the rest of the request.
      this.#lost({ reason: "connection", code: ErrorCode.INTERNAL_ERROR, unprocessed: false });
    } else if (!this.#reader.persistent || this.#draining || this.#lastRequest) this.#shut();
    else {
      this.#reader.state = "idle";
      this.#reused = true;
    }
  }

  /** Both ways of a tunnel have ended. */
  #tunnelDone(): void {
    if (this.#reader.state === "closed") return;
    this.#handler = undefined;
    this.#reader.close();
    this.#linger();
    this.#observer.onClosed(this);
  }

  #shut(): void {
    this.#reader.close();
    if (this.#options.abrupt === true) this.#stream.destroy();
    else {
      this.#linger();
      this.#output.flush();
      this.#stream.end();
    }
    this.#observer.onClosed(this);
  }

  /** We have ended: from now on time counts. Thousands of idle connections are not told of it four times a second. */
  #linger(): void {
    this.#patience = new Patience(this, { stream: this.#stream, limits: this.#options });
  }

  #gone(): void {
    const resendable =
      this.#reused && !this.#reader.begun && !this.#hasBody && isIdempotent(this.#method);
    this.#lost({ reason: "connection", code: ErrorCode.INTERNAL_ERROR, unprocessed: resendable });
  }

  #lost(reset: Reset): void {
    if (this.#reader.state === "closed") return;
    this.#reader.close();
    const handler = this.#handler;
    this.#handler = undefined;
    this.#observer.onClosed(this);
    this.#stream.destroy();
    handler?.onResponseReset(reset);
  }
}
