/** Continues the traces of requests that pass: a span where one comes in, and one for each time that it goes out (P52). */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type {
  ClientConnection,
  ClientStream,
  RequestHandler,
  Reset,
  ResponseHandler,
  ServerStream,
} from "#lib/http-io/exchange.ts";
import { LentConnection } from "#lib/http-io/lent-connection.ts";
import type { Clock } from "#lib/time/clock.ts";
import { type Attribute, requestAttributes, type Span, spanName } from "./span.ts";
import { isSampled, readTrace, type TraceContext, writeSpan } from "./trace-context.ts";

/** What a tracer is made of. */
export interface TracerOptions {
  readonly direction: "inbound" | "outbound";
  readonly clock: Clock;
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Takes a span that has ended. */
  readonly onSpan: (span: Span) => void;
}

/** Traces the requests of one direction. */
export class Tracer {
  readonly #options: TracerOptions;

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  /** A request that has come: itself, or one that tells of its answer where its trace is wanted. */
  serve(stream: ServerStream): ServerStream {
    const { headers } = stream.request;
    const trace = readTrace(headers);
    if (trace === undefined) return stream;
    const span = this.#begin(trace, "server");
    writeSpan(headers, trace, span.spanId);
    return isSampled(trace) ? new TracedStream(stream, span.watch(stream.request)) : stream;
  }

  /** The connection to send a request on: itself where it belongs to no trace. */
  via(connection: ClientConnection, head: RequestHead): ClientConnection {
    const trace = readTrace(head.headers);
    if (trace === undefined) return connection;
    return new TracedConnection(connection, trace, () => this.#begin(trace, "client"));
  }

  #begin(trace: TraceContext, kind: Span["kind"]): OpenSpan {
    const { random } = this.#options;
    const half = (): string =>
      Math.floor(random() * 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    const spanId = half() + half();
    return new OpenSpan(this.#options, trace, { kind, spanId });
  }
}

/** The connection to send a request on, where somebody traces and where nobody does. */
export const traced = (
  tracer: Tracer | undefined,
  connection: ClientConnection,
  head: RequestHead,
): ClientConnection => (tracer === undefined ? connection : tracer.via(connection, head));

/** A span under way. */
class OpenSpan {
  readonly spanId: string;
  readonly #options: TracerOptions;
  readonly #trace: TraceContext;
  readonly #kind: Span["kind"];
  readonly #startMs: number;
  #attributes: readonly Attribute[] = [];
  #name = "";

  constructor(
    options: TracerOptions,
    trace: TraceContext,
    { kind, spanId }: Pick<Span, "kind" | "spanId">,
  ) {
    this.#options = options;
    this.#trace = trace;
    this.#kind = kind;
    this.spanId = spanId;
    this.#startMs = options.clock.wall();
  }

  /** Notes what the request says, before it is changed. */
  watch(head: RequestHead): this {
    this.#attributes = requestAttributes(head);
    this.#name = spanName(head);
    return this;
  }

  /** The answer has begun. */
  end(status: number): void {
    const { clock, direction, onSpan } = this.#options;
    const { traceId, parentId } = this.#trace;
    onSpan({
      ...{ traceId, parentId, spanId: this.spanId, name: this.#name, kind: this.#kind },
      startMs: this.#startMs,
      endMs: clock.wall(),
      attributes: [
        ["direction", direction],
        ...this.#attributes,
        ["http.response.status_code", String(status)],
      ],
    });
  }
}

/** A request whose answer ends a span. */
class TracedStream implements ServerStream {
  readonly #stream: ServerStream;
  readonly #span: OpenSpan;

  constructor(stream: ServerStream, span: OpenSpan) {
    this.#stream = stream;
    this.#span = span;
  }

  get request(): RequestHead {
    return this.#stream.request;
  }

  get requestEnded(): boolean {
    return this.#stream.requestEnded;
  }

  get handler(): RequestHandler {
    return this.#stream.handler;
  }

  set handler(handler: RequestHandler) {
    this.#stream.handler = handler;
  }

  pauseRequest(): void {
    this.#stream.pauseRequest();
  }

  resumeRequest(): void {
    this.#stream.resumeRequest();
  }

  sendInformational(head: ResponseHead): void {
    this.#stream.sendInformational(head);
  }

  sendHead(head: ResponseHead, end: boolean): void {
    this.#span.end(head.status);
    this.#stream.sendHead(head, end);
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    return this.#stream.sendBytes(bytes, from, to);
  }

  sendEnd(trailers: HeaderList | undefined): void {
    this.#stream.sendEnd(trailers);
  }

  resetResponse(code: number): void {
    this.#stream.resetResponse(code);
  }
}

/** A connection on which one request goes out under a span of its own. */
class TracedConnection extends LentConnection {
  readonly #trace: TraceContext;
  readonly #begin: () => OpenSpan;

  constructor(connection: ClientConnection, trace: TraceContext, begin: () => OpenSpan) {
    super(connection);
    this.#trace = trace;
    this.#begin = begin;
  }

  /** The head is written while this runs; if it goes out again, that has the same parent. */
  send(head: RequestHead, end: boolean, handler: ResponseHandler): ClientStream {
    const span = this.#begin();
    const sampled = isSampled(this.#trace);
    const traced = sampled ? new TracedAnswer(handler, span.watch(head)) : handler;
    writeSpan(head.headers, this.#trace, span.spanId);
    try {
      return this.connection.send(head, end, traced);
    } finally {
      writeSpan(head.headers, this.#trace, this.#trace.parentId);
    }
  }
}

/** An answer that ends a span. */
class TracedAnswer implements ResponseHandler {
  readonly #handler: ResponseHandler;
  readonly #span: OpenSpan;

  constructor(handler: ResponseHandler, span: OpenSpan) {
    this.#handler = handler;
    this.#span = span;
  }

  onResponseInformational(head: ResponseHead): void {
    this.#handler.onResponseInformational(head);
  }

  onResponseHead(head: ResponseHead, end: boolean): void {
    this.#span.end(head.status);
    this.#handler.onResponseHead(head, end);
  }

  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    this.#handler.onResponseBytes(bytes, from, to);
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    this.#handler.onResponseEnd(trailers);
  }

  onResponseReset(reset: Reset): void {
    this.#handler.onResponseReset(reset);
  }

  onRequestWritable(): void {
    this.#handler.onRequestWritable();
  }
}
