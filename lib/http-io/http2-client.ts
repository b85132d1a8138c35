/** Sends requests over HTTP/2 on a stream, many at a time. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { Http2Connection } from "#lib/http2/connection.ts";
import { removeConnectionFields } from "#lib/http2/fields.ts";
import type { Http2Events } from "#lib/http2/http2-events.ts";
import { HTTP2_DEFAULTS, type Http2Grants } from "#lib/http2/http2-options.ts";
import { KEEP_ALIVE_PING, KeepAlive, type KeepAliveLimits } from "#lib/http2/keep-alive.ts";
import type { Http2Stream } from "#lib/http2/stream.ts";
import type { ByteStream, ByteStreamHandler } from "#lib/net/byte-stream.ts";
import type { Clock } from "#lib/time/clock.ts";
import type {
  ClientConnection,
  ClientObserver,
  ClientStream,
  ResponseHandler,
} from "./exchange.ts";
import { type Http2Host, Http2Output } from "./http2-output.ts";
import { outbox } from "./outbox.ts";
import { Patience, WRITE_IDLE_LIMIT_MS } from "./patience.ts";
import type { Ticking } from "./ticker.ts";
import { WithheldStream } from "./withheld-stream.ts";

/** What a client grants; without a clock it waits for its server for ever. `now` gives monotonic milliseconds. */
export interface Http2ClientOptions extends Http2Grants {
  readonly now: () => number;
  readonly clock?: Clock;
  /** Pings a silent server and gives it up when it stays silent; not said: never. MESH_KEEP_ALIVE is for other proxies. */
  readonly keepAlive?: KeepAliveLimits;
}

/** Makes an open stream an HTTP/2 client connection. */
export function connectHttp2(
  stream: ByteStream,
  observer: ClientObserver,
  options: Http2ClientOptions,
): ClientConnection {
  const connection = new Http2ClientConnection(stream, observer, options);
  stream.handler = connection;
  return connection;
}

class Http2ClientConnection
  implements ClientConnection, ByteStreamHandler, Http2Events, Http2Host, Ticking
{
  readonly version = "HTTP/2";
  readonly http2: Http2Connection;
  readonly output: Http2Output;
  readonly #stream: ByteStream;
  readonly #observer: ClientObserver;
  readonly #now: () => number;
  readonly #keepAlive: KeepAlive | undefined;
  readonly #patience: Patience;
  /** Extended CONNECTs that the server has not allowed yet. */
  readonly #withheld: WithheldStream[] = [];
  /** Whether the peer has said how many streams it takes, and those who wait were told. */
  #settled = false;
  #closed = false;

  constructor(stream: ByteStream, observer: ClientObserver, options: Http2ClientOptions) {
    this.#stream = stream;
    this.#observer = observer;
    this.#now = options.now;
    this.http2 = new Http2Connection(
      { ...HTTP2_DEFAULTS, ...options, role: "client", nowMs: options.now() },
      this,
    );
    this.output = new Http2Output(this, stream, this.http2);
    this.#keepAlive = options.keepAlive && new KeepAlive(options.keepAlive);
    this.#patience = new Patience(this, { stream, limits: options });
    this.output.mark();
  }

  get available(): boolean {
    return !this.#closed && this.http2.available;
  }

  get activeStreams(): number {
    return this.http2.activeStreams;
  }

  send(head: RequestHead, end: boolean, handler: ResponseHandler): ClientStream {
    if (head.protocol !== "" && this.http2.connectProtocol !== true)
      return this.#withhold(new WithheldStream(head, end, handler));
    // The silence so far was one without this request.
    outbox.stir();
    removeConnectionFields(head.headers);
    const stream = this.http2.open(head, end);
    const sent = new Http2ClientStream(this, stream, handler);
    stream.owner = sent;
    this.output.mark();
    return sent;
  }

  /** It is opened or refused by `flush`, when the server's settings are there. */
  #withhold(stream: WithheldStream): ClientStream {
    this.#withheld.push(stream);
    this.output.mark();
    return stream;
  }

  #settleWithheld(taken: boolean): void {
    for (const stream of this.#withheld.splice(0))
      if (!taken) stream.refuse("refused");
      else if (this.available) stream.open(this);
      else stream.turnAway();
  }

  drain(): void {
    this.http2.drain();
    this.output.mark();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  onData(chunk: Uint8Array): void {
    this.#keepAlive?.heard();
    outbox.enter();
    try {
      this.http2.receive(chunk, this.#now());
    } finally {
      this.output.mark();
      outbox.leave();
    }
  }

  onEnd(): void {
    this.#stream.destroy();
    this.#gone();
  }

  leftMs(): number {
    if (this.#closed) return this.#patience.leftMs("closing");
    return this.#keepAlive?.leftMs(this.http2.activeStreams > 0) ?? WRITE_IDLE_LIMIT_MS;
  }

  tick(elapsedMs: number): void {
    if (this.#patience.tick(elapsedMs, this.#closed ? "closing" : "busy")) this.#stream.destroy();
    if (this.#closed) return;
    this.http2.tick(elapsedMs, WRITE_IDLE_LIMIT_MS);
    const what = this.#keepAlive?.tick(elapsedMs, this.http2.activeStreams > 0);
    if (what === "ping") {
      this.http2.ping(KEEP_ALIVE_PING);
      this.output.mark();
    } else if (what === "give-up") {
      this.#stream.destroy();
      this.#gone();
    }
  }

  onDrain(): void {
    this.output.drained();
  }

  onClose(): void {
    this.#patience.end();
    this.#gone();
  }

  onRequest(): void {
    // A client gets no requests; the connection refuses them before.
  }

  onResponse(stream: Http2Stream, head: ResponseHead, end: boolean): void {
    const { handler } = stream.owner as Http2ClientStream;
    if (head.status < 200) handler.onResponseInformational(head);
    else handler.onResponseHead(head, end);
  }

  onStreamBytes(stream: Http2Stream, bytes: Buffer, from: number, to: number): void {
    (stream.owner as Http2ClientStream).handler.onResponseBytes(bytes, from, to);
  }

  onStreamEnd(stream: Http2Stream, trailers: HeaderList | undefined): void {
    (stream.owner as Http2ClientStream).handler.onResponseEnd(trailers);
  }

  onReset(
    stream: Http2Stream,
    {
      code,
      unprocessed,
      goAway,
    }: { readonly code: number; readonly unprocessed: boolean; readonly goAway: boolean },
  ): void {
    this.output.forget(stream);
    const reason = this.#closed
      ? "connection"
      : goAway
        ? "go-away"
        : unprocessed
          ? "refused"
          : "cancelled";
    (stream.owner as Http2ClientStream).handler.onResponseReset({ reason, code, unprocessed });
  }

  onWritable(stream: Http2Stream): void {
    (stream.owner as Http2ClientStream).handler.onRequestWritable();
  }

  onChanged(closed?: Http2Stream): void {
    if (closed !== undefined) this.output.forget(closed);
    this.output.mark();
    if (!this.available && this.#settled) return;
    this.#settled = true;
    this.#observer.onAvailable(this);
  }

  flush(): void {
    const { connectProtocol } = this.http2;
    if (this.#withheld.length > 0 && connectProtocol !== undefined)
      this.#settleWithheld(connectProtocol);
    if (!this.output.write()) return;
    this.#stream.end();
    this.#gone();
  }

  #gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#observer.onClosed(this);
    this.http2.disconnected();
    for (const stream of this.#withheld.splice(0)) stream.refuse("connection");
  }
}

class Http2ClientStream implements ClientStream {
  readonly handler: ResponseHandler;
  readonly #connection: Http2ClientConnection;
  readonly #stream: Http2Stream;

  constructor(connection: Http2ClientConnection, stream: Http2Stream, handler: ResponseHandler) {
    this.#connection = connection;
    this.#stream = stream;
    this.handler = handler;
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#connection.output.send(this.#stream, bytes, from, to);
  }

  sendEnd(trailers: HeaderList | undefined): void {
    this.#connection.output.end(this.#stream, trailers);
  }

  resetRequest(code: number): void {
    this.#connection.http2.reset(this.#stream, code);
    this.#connection.onChanged(this.#stream);
  }

  pauseResponse(): void {
    this.#connection.http2.pause(this.#stream);
  }

  resumeResponse(): void {
    this.#connection.output.resume(this.#stream);
  }
}
