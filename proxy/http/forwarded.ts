/** One request on its way through the proxy: what the client sends goes up, what the endpoint answers comes down. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type {
  ClientConnection,
  ClientStream,
  ConnectionWaiter,
  RequestHandler,
  Reset,
  ResponseHandler,
  ServerStream,
} from "#lib/http-io/exchange.ts";
import type { Exchange, Stack } from "#lib/stack/stack.ts";
import type { HttpScope } from "../telemetry/http-metrics.ts";
import { grpcStatusOf, isFailure, isGrpc } from "./classify.ts";
import { type ErrorKind, errorResponse } from "./rescue.ts";

/** HTTP/2 codes used towards peers (RFC 9113 §7). */
const NO_ERROR = 0;
const INTERNAL_ERROR = 2;
const CANCEL = 8;

/** A request is tried on at most so many endpoints before it fails, and only while none has seen a byte of it. */
export const ATTEMPT_LIMIT = 5;

/** What the direction a request goes in does with it; one object a connection, never one a request. */
export interface Direction<X> {
  /** The stations from route to endpoint. */
  readonly path: Stack<Forwarded<X>>;
  /** Where a request goes back to when its endpoint could not be reached. */
  readonly retryFrom: number;
  readonly informational: boolean;
  now(): number;
  /** Last changes of the request's head before it is sent. */
  onSend(request: Forwarded<X>): void;
  /** Changes of the response's head before it goes to the client. */
  onResponse(request: Forwarded<X>, head: ResponseHead): void;
  /** The endpoint could not be reached or did not take the request. */
  onEndpointFailed(request: Forwarded<X>): void;
  /** Counts an error that the proxy answered. */
  onError(request: Forwarded<X>, kind: ErrorKind): void;
  /** The request has left the endpoint, however it ended; `latencyMs` is to the first byte, -1 where none came. */
  onReleased(request: Forwarded<X>, firstByteMs: number): void;
}

/** A request under way. `route` is whatever its direction needs to remember. */
export class Forwarded<X> implements Exchange, RequestHandler, ResponseHandler, ConnectionWaiter {
  at = 0;
  readonly stream: ServerStream;
  readonly direction: Direction<X>;
  readonly startedMs: number;
  readonly grpc: boolean;
  /** Filled in by the stations. */
  route: X;
  /** Counts this request; set by the endpoint or the policy that decides the labels. */
  scope: HttpScope | undefined;
  /** Set while the request was turned into HTTP/2 to be carried between proxies. */
  carried = false;
  attempts = 0;

  #upstream: ClientStream | undefined;
  #requestEnded: boolean;
  #bodySent = false;
  #headSent = false;
  #done = false;
  #sentMs = 0;
  #status = 0;
  #grpcStatus = -1;

  constructor(stream: ServerStream, direction: Direction<X>, route: X) {
    this.stream = stream;
    this.direction = direction;
    this.route = route;
    this.startedMs = direction.now();
    this.grpc = isGrpc(stream.request.headers);
    this.#requestEnded = stream.requestEnded;
    stream.handler = this;
  }

  get request(): RequestHead {
    return this.stream.request;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Starts or goes on with the path; the body waits until there is somewhere to send it. */
  run(): void {
    if (this.#done) return;
    this.direction.path.run(this);
  }

  /** Begins: nothing of the body is read before a connection is there. */
  begin(): void {
    if (!this.#requestEnded) this.stream.pauseRequest();
    this.run();
  }

  /** A connection to the endpoint is there. */
  onConnection(connection: ClientConnection): void {
    if (this.#done) return;
    this.attempts++;
    this.#sentMs = this.direction.now();
    this.direction.onSend(this);
    this.scope?.requests.increment();
    this.#upstream = connection.send(this.request, this.#requestEnded, this);
    if (!this.#requestEnded) this.stream.resumeRequest();
  }

  onConnectFailed(error: Error): void {
    if (this.#done) return;
    this.direction.onReleased(this, -1);
    this.direction.onEndpointFailed(this);
    this.attempts++;
    const timedOut = (error as { readonly code?: string }).code === "timeout";
    this.#tryAgain(timedOut ? "connect-timeout" : "io", error.message);
  }

  onRequestData(chunk: Uint8Array): void {
    if (this.#upstream === undefined) return;
    this.#bodySent = true;
    if (!this.#upstream.sendData(chunk)) this.stream.pauseRequest();
  }

  onRequestEnd(trailers: HeaderList | undefined): void {
    this.#requestEnded = true;
    this.#bodySent = true;
    this.#upstream?.sendEnd(trailers);
  }

  onRequestReset(_: Reset): void {
    if (this.#done) return;
    this.#upstream?.resetRequest(CANCEL);
    this.#finish(true);
  }

  onResponseWritable(): void {
    this.#upstream?.resumeResponse();
  }

  onRequestWritable(): void {
    this.stream.resumeRequest();
  }

  onResponseInformational(head: ResponseHead): void {
    this.stream.sendInformational(head);
  }

  onResponseHead(head: ResponseHead, end: boolean): void {
    if (this.#done) return;
    this.#headSent = true;
    this.#status = head.status;
    if (this.grpc && end) this.#grpcStatus = grpcStatusOf(head.headers) ?? -1;
    this.direction.onResponse(this, head);
    this.direction.onReleased(this, this.direction.now() - this.#sentMs);
    this.stream.sendHead(head, end);
    if (end) this.#finish(false);
  }

  onResponseData(chunk: Uint8Array): void {
    if (!this.stream.sendData(chunk)) this.#upstream?.pauseResponse();
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    if (this.#done) return;
    if (this.grpc) this.#grpcStatus = grpcStatusOf(trailers) ?? this.#grpcStatus;
    this.stream.sendEnd(trailers);
    this.#finish(false);
  }

  onResponseReset(reset: Reset): void {
    if (this.#done) return;
    this.#upstream = undefined;
    if (this.#headSent) {
      this.stream.resetResponse(reset.code === NO_ERROR ? INTERNAL_ERROR : reset.code);
      this.#finish(true);
      return;
    }
    this.direction.onReleased(this, -1);
    if (reset.unprocessed && !this.#bodySent) {
      this.#tryAgain("io", "endpoint did not take the request");
      return;
    }
    if (this.stream.request.version === "HTTP/2" && reset.reason !== "connection") {
      this.stream.resetResponse(reset.code);
      this.#finish(true);
      return;
    }
    this.fail("io", "connection to endpoint ended");
  }

  /** Answers with an error that the proxy made up. */
  fail(kind: ErrorKind, message: string): void {
    if (this.#done) return;
    this.direction.onError(this, kind);
    const head = errorResponse(kind, {
      message,
      grpc: this.grpc,
      http1: this.request.version !== "HTTP/2" || this.carried,
      informational: this.direction.informational,
    });
    this.#status = head.status;
    if (this.grpc) this.#grpcStatus = grpcStatusOf(head.headers) ?? -1;
    this.stream.sendHead(head, true);
    if (!this.#requestEnded) this.stream.resumeRequest();
    this.#finish(false);
  }

  #tryAgain(kind: ErrorKind, message: string): void {
    if (this.attempts >= ATTEMPT_LIMIT || this.#bodySent) {
      this.fail(kind, message);
      return;
    }
    if (!this.#requestEnded) this.stream.pauseRequest();
    this.at = this.direction.retryFrom;
    this.run();
  }

  #finish(aborted: boolean): void {
    this.#done = true;
    if (!this.#headSent && this.#upstream !== undefined) this.direction.onReleased(this, -1);
    this.scope?.end({
      status: this.#status,
      grpcStatus: this.#grpcStatus,
      failed:
        aborted || isFailure(this.#status, this.#grpcStatus < 0 ? undefined : this.#grpcStatus),
      latencyMs: this.direction.now() - this.startedMs,
    });
    this.#upstream = undefined;
  }
}
