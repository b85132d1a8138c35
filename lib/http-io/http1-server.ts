/** Serves HTTP/1 on a stream: one request at a time, in order, with tunnels after 101 and CONNECT. */

import { asBuffer } from "#lib/bytes/latin1.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { FRAMING_PER_TURN_BYTES } from "#lib/http1/body-reader.ts";
import type { ParsedFields } from "#lib/http1/field-parser.ts";
import { persists } from "#lib/http1/framing.ts";
import { Http1Error } from "#lib/http1/http1-error.ts";
import { HEADS_PER_TURN, RequestReader, type RequestSink } from "#lib/http1/request-reader.ts";
import { settleUpgrade } from "#lib/http1/upgrade.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { Discard } from "./discard.ts";
import type { ServerConnection, ServerHandler } from "./exchange.ts";
import { Http1Output } from "./http1-output.ts";
import {
  BODY_TOO_LATE,
  HEAD_TOO_LATE,
  LOOK_AHEAD_LIMIT_BYTES,
  TOO_FAR_AHEAD,
} from "./http1-refusals.ts";
import { type Http1Host, Http1ServerStream } from "./http1-server-stream.ts";
import { outbox } from "./outbox.ts";
import { Patience, type Phase, type ServerLimits } from "./patience.ts";
import { throwLater } from "./throw-later.ts";
import type { Ticking } from "./ticker.ts";

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

class Http1ServerConnection implements ServerConnection, Http1Host, RequestSink, Ticking {
  readonly stream: ByteStream;
  readonly output: Http1Output;
  readonly #handler: ServerHandler;
  readonly #reader = new RequestReader(FRAMING_PER_TURN_BYTES, HEADS_PER_TURN);
  readonly #patience: Patience;
  readonly #discard: Discard;
  #current: Http1ServerStream | undefined;
  #running = false;
  #socketPaused = false;
  #turnDue = false;
  #ended = false;
  draining = false;

  constructor(stream: ByteStream, handler: ServerHandler, limits: ServerLimits) {
    this.stream = stream;
    this.output = new Http1Output(stream);
    this.#handler = handler;
    this.#discard = new Discard(stream);
    this.#patience = new Patience(this, { stream, limits });
  }

  get activeStreams(): number {
    return this.#current === undefined ? 0 : 1;
  }

  drain(): void {
    this.draining = true;
    if (this.#current === undefined && this.#reader.keptBytes === 0) this.#shut();
  }

  destroy(): void {
    this.stream.destroy();
  }

  onData(chunk: Uint8Array): void {
    if (this.#reader.state === "closed") {
      this.#discard.take(chunk.length);
      return;
    }
    outbox.enter();
    try {
      if (this.#reader.state === "body") this.#patience.moved();
      this.#read(asBuffer(chunk));
    } finally {
      outbox.leave();
    }
  }

  onEnd(): void {
    this.#ended = true;
    const { keptBytes, mustWait, state } = this.#reader;
    if ((state === "head" && !mustWait) || keptBytes === 0) this.#goneOn();
  }

  tick(elapsedMs: number): void {
    const phase = this.#phase();
    if (!this.#patience.tick(elapsedMs, phase)) return;
    try {
      if (phase === "head" && this.#reader.keptBytes > 0) this.#refuse(HEAD_TOO_LATE);
      else if (phase === "body") this.#refuse(BODY_TOO_LATE);
      else if (phase === "head" || phase === "idle") this.#shut();
      else this.stream.destroy();
    } catch (error) {
      this.#fault(error);
    }
  }

  leftMs(): number {
    return this.#patience.leftMs(this.#phase());
  }

  #phase(): Phase {
    if (this.#discard.overrun) return "overrun";
    if (this.#reader.state === "closed") return "closing";
    if (this.#reader.state === "tunnel") return "busy";
    if (this.stream.queuedBytes > 0) return "writing";
    if (this.#reader.paused || this.#reader.state === "responding") return "busy";
    if (this.#reader.state === "body") return "body";
    return this.#reader.keptBytes === 0 ? "idle" : "head";
  }

  onDrain(): void {
    this.output.drained();
    this.#current?.handler.onResponseWritable();
    if (this.#current === undefined && this.#reader.paused) this.resume();
  }

  onClose(error?: Error): void {
    // Where we have ended too, the peer's end may be told by this alone.
    if (error === undefined && this.#reader.state === "tunnel") this.onEnd();
    this.#patience.end();
    this.#reader.close();
    this.#abort();
    this.#handler.onConnectionClose();
  }

  onBodyBytes(bytes: Buffer, from: number, to: number): void {
    this.#current?.handler.onRequestBytes(bytes, from, to);
  }

  onBodyEnd(trailers: HeaderList | undefined): void {
    if (this.#reader.state === "body") this.#reader.state = "responding";
    const current = this.#current;
    if (current === undefined) return;
    current.requestDone = true;
    current.handler.onRequestEnd(trailers);
    if (current.answered) this.#next(current);
  }

  pause(): void {
    this.#reader.paused = true;
  }

  resume(): void {
    this.#reader.paused = false;
    if (!this.#running && !this.#turnDue) this.#go();
  }

  /** The response has ended; the next request may be read. */
  responded(finished: Http1ServerStream): void {
    if (finished !== this.#current) return;
    if (!finished.requestDone) finished.persistent = false;
    this.#next(finished);
  }

  becomeTunnel(current: Http1ServerStream): void {
    this.#reader.state = "tunnel";
    current.requestDone = false;
    this.output.tunnel();
    this.resume();
  }

  #next(finished: Http1ServerStream): void {
    this.#current = undefined;
    if (!finished.persistent || this.draining || (this.#ended && this.#reader.keptBytes === 0)) {
      this.#shut();
      return;
    }
    this.#reader.state = "head";
    this.#reader.paused = this.output.full; // Who does not read answers is not asked for more.
    if (!this.#running) this.#go();
  }

  /** Goes on with what was kept, then reads on: in a turn of its own, or in the event of another connection. */
  readonly #go = (): void => {
    this.#turnDue = false;
    outbox.enter();
    try {
      this.#read(undefined);
      if (this.#reader.mustWait) return;
      this.#resumeSocket();
      if (this.#ended) this.#goneOn();
    } catch (error) {
      this.#fault(error);
    } finally {
      outbox.leave();
    }
  };

  /** Ours, outside of an event of this connection's socket, which would end it: whose event it is has no part in it. */
  #fault(error: unknown): void {
    throwLater(error);
    this.#reader.close();
    this.stream.destroy();
  }

  /** All that the client sent before it half-closed has been looked at. */
  #goneOn(): void {
    const current = this.#current;
    if (this.#reader.state === "head") this.#shut();
    else if (this.#reader.state === "body") this.#abort();
    else if (this.#reader.state === "tunnel" && current?.requestDone === false) {
      current.requestDone = true;
      current.handler.onRequestEnd(undefined);
    }
  }

  #resumeSocket(): void {
    if (!this.#socketPaused) return;
    this.#socketPaused = false;
    this.stream.resume();
  }

  /** Takes what can be taken of fresh bytes, or of those that were kept. */
  #read(bytes: Buffer | undefined): void {
    this.#running = true;
    try {
      if (bytes === undefined) this.#reader.goOn(this);
      else this.#reader.take(bytes, this);
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error;
      this.#refuse(error);
    } finally {
      this.#running = false;
    }
    if (this.#reader.keptBytes > LOOK_AHEAD_LIMIT_BYTES) this.#breakOff(TOO_FAR_AHEAD);
    if (this.#reader.tired && !this.#turnDue) {
      this.#turnDue = true;
      setImmediate(this.#go);
    }
    if (this.#reader.mustWait && !this.#socketPaused) {
      this.#socketPaused = true;
      this.stream.pause();
    }
  }

  onHead(head: RequestHead, fields: ParsedFields, ended: boolean): void {
    const tunnel = settleUpgrade(head, fields, !ended) || head.method === "CONNECT";
    const version = head.version === "HTTP/1.0" ? "HTTP/1.0" : "HTTP/1.1";
    const current = new Http1ServerStream(this, head, {
      ended: ended && !tunnel,
      persistent: persists(fields.connection, version),
    });
    this.#patience.renew();
    this.#current = current;
    current.requestDone = ended;
    this.#handler.onRequest(current);
  }

  /** Answers what is no HTTP and closes. */
  #refuse(error: Http1Error): void {
    const current = this.#current;
    if (current !== undefined && current.answer !== "due") {
      this.#breakOff(error);
      return;
    }
    this.#handler.onRefused?.(error);
    this.#forget(current);
    this.output.refusal(error.status);
    this.#shut();
  }

  /** Where no answer can be given any more, or none that would be this request's. */
  #breakOff(error: Http1Error): void {
    this.#handler.onRefused?.(error);
    this.#forget(this.#current);
    this.#reader.close();
    this.stream.destroy();
  }

  #forget(current: Http1ServerStream | undefined): void {
    this.#current = undefined;
    current?.reset("protocol");
  }

  #shut(): void {
    this.#reader.close();
    this.#resumeSocket();
    this.output.flush();
    this.stream.end();
  }

  #abort(): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    if (current.answered && current.requestDone) return;
    current.reset("connection");
    if (this.#reader.state !== "closed") this.stream.destroy();
  }
}
