/** Serves HTTP/1 on a stream: one request at a time, in order, with tunnels after 101 and CONNECT. */

import { asBuffer } from "#lib/bytes/latin1.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import { BodyReader, type BodySink } from "#lib/http1/body-reader.ts";
import { persists, requestFraming } from "#lib/http1/framing.ts";
import { findHeadEnd, parseRequest } from "#lib/http1/head-parser.ts";
import { writeRefusal } from "#lib/http1/head-writer.ts";
import { Http1Error, overLimit } from "#lib/http1/http1-error.ts";
import type { ByteStream, ByteStreamHandler } from "#lib/net/byte-stream.ts";
import type { Reset, ServerHandler } from "./exchange.ts";
import { Http1Output } from "./http1-output.ts";
import { type Http1Host, Http1ServerStream } from "./http1-server-stream.ts";
import { outbox } from "./outbox.ts";
import { Patience, type Phase, type ServerLimits } from "./patience.ts";
import type { Ticking } from "./ticker.ts";

/** A connection that is served. */
export interface ServerConnection extends ByteStreamHandler {
  readonly activeStreams: number;
  /** Takes no new requests; closes when those under way have ended. */
  drain(): void;
  destroy(): void;
}

/** What a request that was given up is told: CANCEL, as HTTP/2 says it. */
const CANCEL = 8;

const HEAD_TOO_LATE: Http1Error = overLimit("its head takes too long", 408);

/** Starts to serve; bytes read before are given to `onData` by the caller. */
export function serveHttp1(
  stream: ByteStream,
  handler: ServerHandler,
  limits: ServerLimits = {},
): ServerConnection {
  const connection = new Http1ServerConnection(stream, handler, limits);
  stream.handler = connection;
  return connection;
}

class Http1ServerConnection implements ServerConnection, Http1Host, BodySink, Ticking {
  readonly stream: ByteStream;
  readonly output: Http1Output;
  readonly #handler: ServerHandler;
  readonly #body = new BodyReader();
  readonly #patience: Patience;
  #rest: Buffer | undefined;
  #state: "head" | "body" | "responding" | "tunnel" | "closed" = "head";
  #current: Http1ServerStream | undefined;
  #paused = false;
  #socketPaused = false;
  #running = false;
  #ended = false;
  #draining = false;

  constructor(stream: ByteStream, handler: ServerHandler, limits: ServerLimits) {
    this.stream = stream;
    this.output = new Http1Output(stream);
    this.#handler = handler;
    this.#patience = new Patience(this, { stream, limits });
  }

  get activeStreams(): number {
    return this.#current === undefined ? 0 : 1;
  }

  get draining(): boolean {
    return this.#draining;
  }

  drain(): void {
    this.#draining = true;
    if (this.#current === undefined && this.#rest === undefined) this.#shut();
  }

  destroy(): void {
    this.stream.destroy();
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
    this.#ended = true;
    if (this.#state === "tunnel") this.#tunnelEnd();
    else if (this.#state === "body") this.#abort("connection");
    else if (this.#state === "head") this.#shut();
  }

  #tunnelEnd(): void {
    const current = this.#current;
    if (current === undefined) return;
    current.requestDone = true;
    current.handler.onRequestEnd(undefined);
  }

  tick(elapsedMs: number): void {
    const phase = this.#phase();
    if (!this.#patience.tick(elapsedMs, phase)) return;
    if (phase === "closing") this.stream.destroy();
    else if (this.#rest !== undefined) this.#refuse(HEAD_TOO_LATE);
    else this.#shut();
  }

  #phase(): Phase {
    if (this.#state === "closed") return "closing";
    if (this.#state !== "head" || this.#paused) return "busy";
    return this.#rest === undefined ? "idle" : "head";
  }

  onDrain(): void {
    this.output.drained();
    this.#current?.handler.onResponseWritable();
  }

  onClose(): void {
    this.#patience.end();
    this.#state = "closed";
    this.#abort("connection");
    this.#handler.onConnectionClose();
  }

  onBody(chunk: Buffer): void {
    this.#current?.handler.onRequestData(chunk);
  }

  onBodyEnd(trailers: HeaderList | undefined): void {
    if (this.#state === "body") this.#state = "responding";
    const current = this.#current;
    if (current === undefined) return;
    current.requestDone = true;
    current.handler.onRequestEnd(trailers);
    if (current.responseDone) this.#next(current);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (!this.#running) this.#go();
  }

  /** The response has ended; the next request may be read. */
  responded(finished: Http1ServerStream): void {
    if (finished !== this.#current) return;
    if (!finished.requestDone) finished.persistent = false;
    this.#next(finished);
  }

  becomeTunnel(current: Http1ServerStream): void {
    this.#state = "tunnel";
    current.requestDone = false;
    this.output.tunnel();
  }

  #next(finished: Http1ServerStream): void {
    this.#current = undefined;
    if (!finished.persistent || this.#draining || (this.#ended && this.#rest === undefined)) {
      this.#shut();
      return;
    }
    this.#state = "head";
    this.#paused = false;
    if (!this.#running) this.#go();
  }

  /** Goes on with what was kept, then reads on. */
  #go(): void {
    outbox.enter();
    try {
      const rest = this.#rest;
      if (rest !== undefined) this.#run(rest);
      if (this.#socketPaused && !this.#mustWait()) {
        this.#socketPaused = false;
        this.stream.resume();
      }
      if (this.#ended && this.#state === "head" && !this.#paused) this.#shut();
    } finally {
      outbox.leave();
    }
  }

  #mustWait(): boolean {
    return this.#paused || (this.#state === "responding" && this.#rest !== undefined);
  }

  #run(bytes: Buffer): void {
    this.#rest = undefined;
    this.#running = true;
    let at = 0;
    try {
      while (
        at >= 0 &&
        at < bytes.length &&
        !this.#paused &&
        this.#state !== "closed" &&
        this.#state !== "responding"
      )
        at = this.#step(bytes, at);
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error;
      this.#refuse(error);
      at = bytes.length;
    } finally {
      this.#running = false;
    }
    if (at >= 0 && at < bytes.length && this.#state !== "closed")
      this.#rest = Buffer.from(bytes.subarray(at));
    if (this.#mustWait() && !this.#socketPaused) {
      this.#socketPaused = true;
      this.stream.pause();
    }
  }

  /** Takes one step through the bytes and returns where the next begins; -1 where all were taken. */
  #step(bytes: Buffer, at: number): number {
    if (this.#state === "tunnel") {
      this.#current?.handler.onRequestData(at === 0 ? bytes : bytes.subarray(at));
      return -1;
    }
    if (this.#state === "body") return this.#body.take(bytes, at, this);
    return this.#readHead(bytes, at);
  }

  #readHead(bytes: Buffer, from: number): number {
    let at = from;
    if (bytes[at] === 13 && bytes[at + 1] === 10) at += 2;
    const end = findHeadEnd(bytes, at);
    if (end < 0) {
      this.#rest = Buffer.from(bytes.subarray(at));
      return -1;
    }
    const { head, fields } = parseRequest(bytes, at, end);
    const version = head.version === "HTTP/1.0" ? "HTTP/1.0" : "HTTP/1.1";
    const ended = this.#body.begin(requestFraming(fields, version));
    const tunnel = head.method === "CONNECT" || isUpgrade(head.headers);
    const current = new Http1ServerStream(this, head, {
      ended: ended && !tunnel,
      persistent: persists(head.headers, version),
    });
    this.#patience.renew();
    this.#current = current;
    this.#state = ended ? "responding" : "body";
    current.requestDone = ended;
    this.#handler.onRequest(current);
    return end;
  }

  /** Answers what is no HTTP and closes. */
  #refuse(error: Http1Error): void {
    const current = this.#current;
    this.#current = undefined;
    const begun = current?.headSent ?? false;
    if (current !== undefined) {
      current.responseDone = true;
      current.handler.onRequestReset({ reason: "protocol", code: CANCEL, unprocessed: false });
    }
    if (begun) {
      this.#state = "closed";
      this.stream.destroy();
    } else {
      this.output.head(writeRefusal(error.status), "none");
      this.#shut();
    }
  }

  #shut(): void {
    this.#state = "closed";
    this.output.flush();
    this.stream.end();
  }

  #abort(reason: Reset["reason"]): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    if (current.responseDone && current.requestDone) return;
    current.responseDone = true;
    current.handler.onRequestReset({ reason, code: CANCEL, unprocessed: false });
    if (this.#state !== "closed") this.stream.destroy();
  }
}

/** Whether a request asks to switch protocols (RFC 9110 §7.8). */
export function isUpgrade(headers: HeaderList): boolean {
  return (
    headers.has("upgrade") && /(^|[,\s])upgrade([,\s]|$)/i.test(headers.get("connection") ?? "")
  );
}
