/** Sends HTTP/1 requests on a stream, one at a time. */

import { asBuffer } from "#lib/bytes/latin1.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { isIdempotent } from "#lib/http/semantics.ts";
import { BodyReader, type BodySink } from "#lib/http1/body-reader.ts";
import { persists, responseFraming } from "#lib/http1/framing.ts";
import { findHeadEnd, parseResponse } from "#lib/http1/head-parser.ts";
import { writeRequestHead } from "#lib/http1/head-writer.ts";
import { Http1Error, malformed } from "#lib/http1/http1-error.ts";
import type { ByteStream, ByteStreamHandler } from "#lib/net/byte-stream.ts";
import type { ClientConnection, ClientStream, Reset, ResponseHandler } from "./exchange.ts";
import { Http1Output } from "./http1-output.ts";
import { outbox } from "./outbox.ts";

/** Follows a client connection: whoever keeps it hears when it is free and when it is gone. */
export interface ClientObserver {
  /** It can take a request (again). */
  onAvailable(connection: ClientConnection): void;
  onClosed(connection: ClientConnection): void;
}

const INTERNAL_ERROR = 2;

/** Makes an open stream an HTTP/1 client connection. */
export function connectHttp1(stream: ByteStream, observer: ClientObserver): ClientConnection {
  const connection = new Http1ClientConnection(stream, observer);
  stream.handler = connection;
  return connection;
}

/** What stands in for a body that is none: an upgrade, or the length of what usually has one (RFC 9110 §8.6). */
function closingLines({ method, headers }: RequestHead, upgrade: boolean): string {
  if (upgrade) return "connection: upgrade\r\n";
  const expected = method === "POST" || method === "PUT" || method === "PATCH";
  return expected && !headers.has("content-length") ? "content-length: 0\r\n" : "";
}

class Http1ClientConnection implements ClientConnection, ByteStreamHandler, BodySink, ClientStream {
  readonly version = "HTTP/1.1";
  readonly #stream: ByteStream;
  readonly #observer: ClientObserver;
  readonly #output: Http1Output;
  readonly #body = new BodyReader();
  #rest: Buffer | undefined;
  #state: "idle" | "head" | "body" | "tunnel" | "closed" = "idle";
  #handler: ResponseHandler | undefined;
  #method = "";
  #requestEnded = false;
  #hasBody = false;
  #answered = false;
  #reused = false;
  #persistent = true;
  #paused = false;
  #draining = false;
  #upgrading = false;
  #peerEnded = false;

  constructor(stream: ByteStream, observer: ClientObserver) {
    this.#stream = stream;
    this.#observer = observer;
    this.#output = new Http1Output(stream);
  }

  get available(): boolean {
    return this.#state === "idle" && !this.#draining;
  }

  get activeStreams(): number {
    return this.#handler === undefined ? 0 : 1;
  }

  send(head: RequestHead, end: boolean, handler: ResponseHandler): ClientStream {
    const upgrade = head.headers.has("upgrade");
    this.#handler = handler;
    this.#upgrading = upgrade;
    this.#method = head.method;
    this.#state = "head";
    this.#answered = false;
    this.#persistent = true;
    this.#hasBody = !end;
    this.#requestEnded = end;
    head.headers.delete("transfer-encoding");
    head.headers.delete("connection");
    const tunnel = upgrade || head.method === "CONNECT";
    if (end || tunnel)
      this.#output.head(writeRequestHead(head, closingLines(head, upgrade)), "none");
    else if (head.headers.has("content-length"))
      this.#output.head(
        writeRequestHead(head, ""),
        "length",
        Number(head.headers.get("content-length")),
      );
    else this.#output.head(writeRequestHead(head, "transfer-encoding: chunked\r\n"), "chunked");
    return this;
  }

  drain(): void {
    this.#draining = true;
    if (this.#state === "idle") this.#shut();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  sendData(chunk: Uint8Array): boolean {
    return this.#state === "closed" || this.#output.body(chunk);
  }

  sendEnd(trailers: HeaderList | undefined): void {
    if (this.#state === "closed" || this.#requestEnded) return;
    this.#requestEnded = true;
    if (this.#state === "tunnel") {
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
      const bytes = asBuffer(chunk);
      this.#run(this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]));
    } finally {
      outbox.leave();
    }
  }

  onEnd(): void {
    if (this.#state === "tunnel") {
      this.#peerEnded = true;
      this.#handler?.onResponseEnd(undefined);
      if (this.#requestEnded) this.#tunnelDone();
    } else if (this.#state === "body" && this.#body.untilClose) {
      this.#persistent = false;
      this.onBodyEnd(undefined);
    } else this.#gone();
  }

  onDrain(): void {
    this.#output.drained();
    this.#handler?.onRequestWritable();
  }

  onClose(): void {
    this.#gone();
  }

  onBody(chunk: Buffer): void {
    this.#handler?.onResponseData(chunk);
  }

  onBodyEnd(trailers: HeaderList | undefined): void {
    this.#handler?.onResponseEnd(trailers);
    this.#responded();
  }

  #run(bytes: Buffer): void {
    this.#rest = undefined;
    let at = 0;
    try {
      while (at >= 0 && at < bytes.length && this.#state !== "closed") at = this.#step(bytes, at);
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error;
      this.#lost({ reason: "protocol", code: INTERNAL_ERROR, unprocessed: false });
    }
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "tunnel":
        this.#handler?.onResponseData(at === 0 ? bytes : bytes.subarray(at));
        return -1;
      case "body":
        return this.#body.take(bytes, at, this);
      case "head":
        return this.#readHead(bytes, at);
      case "idle":
      case "closed":
        this.#lost({ reason: "protocol", code: INTERNAL_ERROR, unprocessed: false });
        return -1;
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    this.#answered = true;
    const end = findHeadEnd(bytes, at);
    if (end < 0) {
      this.#rest = Buffer.from(bytes.subarray(at));
      return -1;
    }
    const { head, fields } = parseResponse(bytes, at, end);
    const { status } = head;
    const version = head.version === "HTTP/1.0" ? "HTTP/1.0" : "HTTP/1.1";
    if (status < 200 && status !== 101) {
      this.#handler?.onResponseInformational(head);
      return end;
    }
    if (status === 101 && !this.#upgrading)
      throw malformed("it switches protocols and nobody asked for it");
    if (status === 101 || (this.#method === "CONNECT" && status < 300)) {
      this.#state = "tunnel";
      this.#output.tunnel();
      this.#handler?.onResponseHead(head, false);
      return end;
    }
    if (!persists(head.headers, version)) this.#persistent = false;
    const ended = this.#body.begin(
      responseFraming(fields, { version, status, method: this.#method }),
    );
    if (this.#body.untilClose) this.#persistent = false;
    this.#state = "body";
    this.#handler?.onResponseHead(head, ended);
    if (ended) this.#responded();
    return end;
  }

  /** The response is complete: the connection is free again, or useless. */
  #responded(): void {
    if (this.#state === "closed") return;
    this.#handler = undefined;
    this.resumeResponse();
    if (!this.#requestEnded || !this.#persistent || this.#draining) {
      this.#shut();
      return;
    }
    this.#state = "idle";
    this.#reused = true;
    this.#observer.onAvailable(this);
  }

  /** Both ways of a tunnel have ended. */
  #tunnelDone(): void {
    if (this.#state === "closed") return;
    this.#handler = undefined;
    this.#state = "closed";
    this.#observer.onClosed(this);
  }

  #shut(): void {
    this.#state = "closed";
    this.#output.flush();
    this.#stream.end();
    this.#observer.onClosed(this);
  }

  #gone(): void {
    const resendable =
      this.#reused && !this.#answered && !this.#hasBody && isIdempotent(this.#method);
    this.#lost({ reason: "connection", code: INTERNAL_ERROR, unprocessed: resendable });
  }

  #lost(reset: Reset): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const handler = this.#handler;
    this.#handler = undefined;
    this.#observer.onClosed(this);
    this.#stream.destroy();
    handler?.onResponseReset(reset);
  }
}
