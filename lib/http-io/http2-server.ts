/** Serves HTTP/2 on a stream. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { Http2Connection } from "#lib/http2/connection.ts";
import { removeConnectionFields } from "#lib/http2/fields.ts";
import { TURN_COST } from "#lib/http2/frame-reader.ts";
import type { Http2Events } from "#lib/http2/http2-events.ts";
import { HTTP2_DEFAULTS, type Http2Grants } from "#lib/http2/http2-options.ts";
import { KEEP_ALIVE_PING, KeepAlive, type KeepAliveLimits } from "#lib/http2/keep-alive.ts";
import type { Http2Stream } from "#lib/http2/stream.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { Discard } from "./discard.ts";
import {
  NOBODY,
  type RequestHandler,
  type ServerConnection,
  type ServerHandler,
  type ServerStream,
} from "./exchange.ts";
import { type Http2Host, Http2Output } from "./http2-output.ts";
import { outbox, UNREAD_LIMIT_BYTES } from "./outbox.ts";
import {
  Patience,
  type Phase,
  SERVER_KEEP_ALIVE,
  type ServerLimits,
  WRITE_IDLE_LIMIT_MS,
} from "./patience.ts";
import type { Ticking } from "./ticker.ts";
import { Turns } from "./turns.ts";

/** A server's grants and time limits; without a clock there are no limits. `now` gives monotonic milliseconds. */
export interface Http2ServerOptions extends Http2Grants, ServerLimits {
  readonly now: () => number;
  /** SERVER_KEEP_ALIVE where not said. */
  readonly keepAlive?: KeepAliveLimits;
}

/** Starts to serve; bytes read before are given to `onData` by the caller. */
export function serveHttp2(
  stream: ByteStream,
  handler: ServerHandler,
  options: Http2ServerOptions,
): ServerConnection {
  const connection = new Http2ServerConnection(stream, handler, options);
  stream.handler = connection;
  return connection;
}

class Http2ServerConnection implements ServerConnection, Http2Events, Http2Host, Ticking {
  readonly http2: Http2Connection;
  readonly output: Http2Output;
  readonly #stream: ByteStream;
  readonly #handler: ServerHandler;
  readonly #now: () => number;
  readonly #keepAlive: KeepAlive;
  readonly #patience: Patience;
  readonly #turns: Turns;
  readonly #discard: Discard;
  readonly #writeIdleMs: number;

  constructor(stream: ByteStream, handler: ServerHandler, options: Http2ServerOptions) {
    this.#stream = stream;
    this.#handler = handler;
    this.#now = options.now;
    this.http2 = new Http2Connection(
      { ...HTTP2_DEFAULTS, ...options, role: "server", nowMs: options.now() },
      this,
    );
    this.output = new Http2Output(this, stream, this.http2);
    this.#keepAlive = new KeepAlive(options.keepAlive ?? SERVER_KEEP_ALIVE);
    this.#patience = new Patience(this, { stream, limits: options });
    this.#turns = new Turns(stream, (bytes, all) => this.#receive(bytes, all));
    this.#discard = new Discard(stream);
    this.#writeIdleMs = options.writeIdleMs ?? WRITE_IDLE_LIMIT_MS;
    this.output.mark();
  }

  get activeStreams(): number {
    return this.http2.activeStreams;
  }

  drain(): void {
    this.http2.drain();
    this.output.mark();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  onData(chunk: Uint8Array): void {
    this.#keepAlive.heard();
    if (this.http2.failure === undefined) this.#turns.take(chunk);
    else this.#discard.take(chunk.length);
  }

  #receive(bytes: Buffer, all: boolean): number {
    outbox.enter();
    try {
      return this.http2.receive(bytes, this.#now(), all ? undefined : TURN_COST);
    } finally {
      this.output.mark();
      outbox.leave();
    }
  }

  tick(elapsedMs: number): void {
    const phase = this.#phase();
    if (this.#patience.tick(elapsedMs, phase)) this.#outOfPatience(phase);
    else if (phase !== "closing") {
      this.http2.tick(elapsedMs, this.#writeIdleMs);
      // Who is not read cannot be heard: what counts is that it takes what waits for it.
      if (phase !== "writing") this.#sense(elapsedMs);
    }
  }

  leftMs(): number {
    const phase = this.#phase();
    const waitMs = Math.min(this.#patience.leftMs(phase), this.#writeIdleMs);
    if (phase === "writing") return waitMs;
    return Math.min(waitMs, this.#keepAlive.leftMs(this.http2.activeStreams > 0));
  }

  #phase(): Phase {
    if (this.#discard.overrun) return "overrun";
    const { failure, finished, draining, awaiting, activeStreams } = this.http2;
    if (failure !== undefined || finished) return "closing";
    if (this.#turns.stopped) return "writing";
    if (awaiting) return draining && activeStreams === 0 ? "closing" : "head";
    if (activeStreams > 0) return "busy";
    return draining ? "closing" : "idle";
  }

  #outOfPatience(phase: Phase): void {
    if (phase === "idle") this.drain();
    else this.#stream.destroy();
  }

  /** Asks a silent client for a sign of life; one that gives none is gone. */
  #sense(elapsedMs: number): void {
    const what = this.#keepAlive.tick(elapsedMs, this.http2.activeStreams > 0);
    if (what === "give-up") this.#stream.destroy();
    if (what !== "ping") return;
    this.http2.ping(KEEP_ALIVE_PING);
    this.output.mark();
  }

  onDrain(): void {
    if (this.#turns.stopped) {
      this.#keepAlive.heard();
      this.#turns.go();
    }
    this.output.drained();
  }

  onClose(): void {
    this.#patience.end();
    this.#turns.end();
    this.http2.disconnected();
    this.#handler.onConnectionClose();
  }

  onRequest(stream: Http2Stream, head: RequestHead, end: boolean): void {
    const served = new Http2ServerStream(this, stream, { head, end });
    stream.owner = served;
    this.#handler.onRequest(served);
  }

  onResponse(): void {
    // A server gets no responses; the connection refuses them before.
  }

  onStreamBytes(stream: Http2Stream, bytes: Buffer, from: number, to: number): void {
    (stream.owner as Http2ServerStream).handler.onRequestBytes(bytes, from, to);
  }

  onEnd(): void {
    this.#stream.end();
  }

  onStreamEnd(stream: Http2Stream, trailers: HeaderList | undefined): void {
    (stream.owner as Http2ServerStream).handler.onRequestEnd(trailers);
  }

  onReset(stream: Http2Stream, how: { readonly code: number }): void {
    this.output.forget(stream);
    (stream.owner as Http2ServerStream | undefined)?.handler.onRequestReset({
      reason: "cancelled",
      code: how.code,
      unprocessed: false,
    });
  }

  onWritable(stream: Http2Stream): void {
    (stream.owner as Http2ServerStream).handler.onResponseWritable();
  }

  onChanged(closed?: Http2Stream): void {
    if (closed !== undefined) this.output.forget(closed);
    this.#patience.renew();
    this.output.mark();
  }

  flush(): void {
    const last = this.output.write();
    // Answers that wait are not in flow control's hands where each is small: who reads none is asked for no more.
    if (this.output.full && !this.#turns.stopped && this.#stream.queuedBytes > UNREAD_LIMIT_BYTES)
      this.#turns.stop();
    if (last) this.#stream.end();
  }
}

class Http2ServerStream implements ServerStream {
  readonly request: RequestHead;
  readonly requestEnded: boolean;
  handler: RequestHandler = NOBODY;
  readonly #http2: Http2Connection;
  readonly #output: Http2Output;
  readonly #stream: Http2Stream;

  constructor(
    { http2, output }: Http2ServerConnection,
    stream: Http2Stream,
    how: { head: RequestHead; end: boolean },
  ) {
    this.#http2 = http2;
    this.#output = output;
    this.#stream = stream;
    this.request = how.head;
    this.requestEnded = how.end;
  }

  pauseRequest(): void {
    this.#http2.pause(this.#stream);
  }

  resumeRequest(): void {
    this.#output.resume(this.#stream);
  }

  sendInformational(head: ResponseHead): void {
    this.#http2.respond(this.#stream, head, false);
    this.#output.mark();
  }

  sendHead(head: ResponseHead, end: boolean): void {
    removeConnectionFields(head.headers);
    this.#http2.respond(this.#stream, head, end);
    this.#output.mark();
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#output.send(this.#stream, bytes, from, to);
  }

  sendEnd(trailers: HeaderList | undefined): void {
    this.#output.end(this.#stream, trailers);
  }

  resetResponse(code: number): void {
    this.#http2.reset(this.#stream, code);
    this.#output.forget(this.#stream);
    this.#output.mark();
  }
}
