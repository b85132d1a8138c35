/** Whole requests and plain answers, for control-plane servers that need neither back-pressure nor speed. */

import { ByteChunks } from "#lib/bytes/byte-chunks.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { RequestHandler, ServerConnection, ServerHandler, ServerStream } from "./exchange.ts";
import { serveHttp1 } from "./http1-server.ts";
import { serveHttp2 } from "./http2-server.ts";

/** A request with a longer body is answered 413. */
export const SIMPLE_BODY_LIMIT_BYTES: number = 4 * 1024 * 1024;

/** A streamed answer whose reader is further behind than this is broken off. */
export const SIMPLE_BACKLOG_LIMIT_BYTES: number = 4 * 1024 * 1024;

/** Header fields of an answer, names in lower case. */
export type SimpleFields = Readonly<Record<string, string>>;

/** A response that is written piece by piece: a watch, or a log that is followed. */
export interface SimpleWriter {
  write(chunk: Uint8Array | string): void;
  end(): void;
  /** Called once when the client is gone before the end. */
  onClose: () => void;
}

/** Raw bytes both ways after 101 or CONNECT. */
export interface SimpleTunnel {
  /** False means: write no more until `onDrain`. */
  write(chunk: Uint8Array): boolean;
  end(): void;
  /** Reads no more of the client, until `resume`. */
  pause(): void;
  resume(): void;
  /** Bytes of the client; a copy, to keep. */
  onData: (chunk: Uint8Array) => void;
  /** The client sends no more, or is gone. Called once. */
  onEnd: () => void;
  /** What was written is on its way. */
  onDrain: () => void;
}

/** A request with its whole body, and the ways to answer it; the first answer counts. */
export interface SimpleRequest {
  readonly head: RequestHead;
  /** Path without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
  /** Whether the client asks to switch protocols; then `tunnel` answers. */
  readonly upgrade: boolean;
  respond(status: number, fields: SimpleFields, body: Uint8Array | string): void;
  stream(status: number, fields: SimpleFields): SimpleWriter;
  tunnel(fields: SimpleFields): SimpleTunnel;
}

/** Answers a request, at once or later. */
export type SimpleHandler = (request: SimpleRequest) => void;

/** Serves a connection with whole requests; `now` gives monotonic milliseconds. Without a clock nothing is timed. */
export function serveSimple(
  stream: ByteStream,
  how: {
    readonly protocol: "HTTP/1.1" | "HTTP/2";
    readonly now: () => number;
    readonly clock?: Clock;
  },
  handler: SimpleHandler,
): ServerConnection {
  const server = createSimpleHandler(handler);
  return how.protocol === "HTTP/2"
    ? serveHttp2(stream, server, { now: how.now, ...(how.clock && { clock: how.clock }) })
    : serveHttp1(stream, server, how);
}

/** The same as a handler, for whoever serves the connection. */
export function createSimpleHandler(handler: SimpleHandler): ServerHandler {
  return {
    onRequest: (stream) => new SimpleExchange(stream, handler).start(),
    onConnectionClose: () => undefined,
  };
}

class SimpleExchange implements RequestHandler, SimpleRequest, SimpleWriter, SimpleTunnel {
  readonly head: RequestHead;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly upgrade: boolean;
  body: Uint8Array = new Uint8Array(0);
  onClose: () => void = () => undefined;
  onData: (chunk: Uint8Array) => void = () => undefined;
  onEnd: () => void = () => undefined;
  onDrain: () => void = () => undefined;
  readonly #stream: ServerStream;
  readonly #handler: SimpleHandler;
  readonly #parts = new ByteChunks();
  #bytes = 0;
  #state: "reading" | "asked" | "streaming" | "tunnel" | "done" = "reading";
  #backlog = 0;
  #clientEnded = false;

  constructor(stream: ServerStream, handler: SimpleHandler) {
    this.#stream = stream;
    this.#handler = handler;
    this.head = stream.request;
    const [path = "", query = ""] = stream.request.path.split("?", 2);
    this.path = path;
    this.query = new URLSearchParams(query);
    this.upgrade = stream.request.method === "CONNECT" || stream.request.headers.has("upgrade");
    stream.handler = this;
  }

  start(): void {
    if (this.#stream.requestEnded || this.upgrade) this.#ask();
  }

  respond(status: number, fields: SimpleFields, body: Uint8Array | string): void {
    if (this.#state === "done" || this.#state === "streaming" || this.#state === "tunnel") return;
    this.#state = "done";
    const bytes = asBytes(body);
    const headers = HeaderList.of(...Object.entries(fields));
    headers.set("content-length", String(bytes.length));
    const bodiless = bytes.length === 0 || this.head.method === "HEAD";
    this.#stream.sendHead({ status, version: this.head.version, headers }, bodiless);
    if (bodiless) return;
    this.#stream.sendBytes(bytes, 0, bytes.length);
    this.#stream.sendEnd(undefined);
  }

  stream(status: number, fields: SimpleFields): SimpleWriter {
    if (this.#state !== "asked") return this;
    this.#state = "streaming";
    const headers = HeaderList.of(...Object.entries(fields));
    this.#stream.sendHead({ status, version: this.head.version, headers }, false);
    return this;
  }

  tunnel(fields: SimpleFields): SimpleTunnel {
    if (this.#state !== "asked") return this;
    this.#state = "tunnel";
    const status = this.head.method === "CONNECT" ? 200 : 101;
    const headers = HeaderList.of(...Object.entries(fields));
    this.#stream.sendHead({ status, version: this.head.version, headers }, false);
    return this;
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.#state !== "streaming" && this.#state !== "tunnel") return true;
    const bytes = asBytes(chunk);
    if (this.#stream.sendBytes(bytes, 0, bytes.length)) {
      this.#backlog = 0;
      return true;
    }
    this.#backlog += bytes.length;
    if (this.#backlog <= SIMPLE_BACKLOG_LIMIT_BYTES) return false;
    this.#stream.resetResponse(ENHANCE_YOUR_CALM);
    this.#leave();
    return true;
  }

  end(): void {
    if (this.#state !== "streaming" && this.#state !== "tunnel") return;
    this.#state = "done";
    this.#stream.sendEnd(undefined);
  }

  pause(): void {
    this.#stream.pauseRequest();
  }

  resume(): void {
    this.#stream.resumeRequest();
  }

  onRequestBytes(bytes: Buffer, from: number, to: number): void {
    if (this.#state === "tunnel") this.onData(new Uint8Array(bytes.subarray(from, to)));
    if (this.#state !== "reading") return;
    this.#bytes += to - from;
    if (this.#bytes > SIMPLE_BODY_LIMIT_BYTES) {
      this.#parts.clear();
      this.respond(413, { connection: "close" }, "");
    } else this.#parts.push(bytes, from, to);
  }

  onRequestEnd(): void {
    if (this.#state === "tunnel") this.#leaveTunnel();
    if (this.#state === "reading") this.#ask();
  }

  onRequestReset(): void {
    this.#leave();
  }

  onResponseWritable(): void {
    this.#backlog = 0;
    this.onDrain();
  }

  #ask(): void {
    this.#state = "asked";
    this.body = this.#parts.joined();
    this.#parts.clear();
    this.#handler(this);
  }

  /** The client is gone. */
  #leave(): void {
    const before = this.#state;
    this.#state = "done";
    if (before === "streaming") this.onClose();
    if (before === "tunnel") this.#leaveTunnel();
  }

  #leaveTunnel(): void {
    if (this.#clientEnded) return;
    this.#clientEnded = true;
    this.onEnd();
  }
}

/** What a stream is reset with whose reader is too slow (RFC 9113 §7). */
const ENHANCE_YOUR_CALM = 11;

function asBytes(body: Uint8Array | string): Uint8Array {
  return typeof body === "string" ? new TextEncoder().encode(body) : body;
}
