/** One request on its way through the proxy: what the client sends goes up, what the endpoint answers comes down. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { removeHeadOnly, removeHopByHop } from "#lib/http/semantics.ts";
import type {
  ClientConnection,
  ConnectionWaiter,
  RequestHandler,
  Reset,
  ResponseHandler,
  ServerStream,
} from "#lib/http-io/exchange.ts";
import { isUpgradable } from "#lib/http-io/upgrade-stream.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import type { DeadlineOwner } from "#lib/stack/deadline-queue.ts";
import type { Exchange } from "#lib/stack/stack.ts";
import type { HttpScope } from "../telemetry/http-metrics.ts";
import { Attempt } from "./attempt.ts";
import { grpcStatusOf, isFailure, isGrpc, isTunnel } from "./classify.ts";
import type { Direction } from "./direction.ts";
import { removeMeshHeaders } from "./mesh-headers.ts";
import type { LimitKind, RequestLimits } from "./request-limits.ts";
import {
  type ErrorDetail,
  type ErrorKind,
  errorResponse,
  mayBeUndelivered,
  NOT_DELIVERED,
} from "./rescue.ts";

/** A request is tried on at most so many endpoints before it fails, and only while none has seen a byte of it. */
export const ATTEMPT_LIMIT = 5;

/** A request under way. `route` is whatever its direction needs to remember. */
export class Forwarded<X>
  implements Exchange, RequestHandler, ResponseHandler, ConnectionWaiter, DeadlineOwner<LimitKind>
{
  at = 0;
  readonly stream: ServerStream;
  readonly direction: Direction<Forwarded<X>>;
  readonly startedMs: number;
  readonly grpc: boolean;
  /** Filled in by the stations. */
  route: X;
  /** The times that it has, where policy or itself says some. */
  limits: RequestLimits | undefined;
  /** Counts this request; set by the endpoint or the policy that decides the labels. */
  scope: HttpScope | undefined;
  /** Set while the request was turned into HTTP/2 to be carried between proxies. */
  carried = false;
  readonly attempt: Attempt = new Attempt();
  /** An extended CONNECT that goes on as an Upgrade of HTTP/1. */
  upgrades = false;

  #requestEnded: boolean;
  #headSent = false;
  /** The server has ended its side of a tunnel, and the client has not. */
  #halfClosed = false;
  #done = false;
  #status = 0;
  #grpcStatus = -1;

  constructor(stream: ServerStream, direction: Direction<Forwarded<X>>, route: X) {
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
    if (this.#done) {
      this.direction.onReleased(this, -1);
      return;
    }
    const { attempt } = this;
    attempt.count++;
    attempt.sends++;
    attempt.sentMs = this.direction.now();
    this.direction.onSend(this);
    this.scope?.requests.increment();
    this.limits?.sent(this.#requestEnded, true);
    const more = attempt.send(connection, this.request, {
      ended: this.#requestEnded,
      handler: this,
    });
    if (more) this.stream.resumeRequest();
  }

  onConnectFailed(error: Error): void {
    this.direction.onReleased(this, -1);
    if (this.#done) return;
    this.direction.onEndpointFailed(this);
    this.attempt.count++;
    const timedOut = (error as { readonly code?: string }).code === "timeout";
    this.#tryAgain(timedOut ? "connect-timeout" : "io", error.message);
  }

  onRequestBytes(bytes: Buffer, from: number, to: number): void {
    const { attempt } = this;
    if (!attempt.open) return;
    this.limits?.moved();
    if (!this.#headSent) attempt.keep(bytes, from, to);
    if (!attempt.sendBytes(bytes, from, to)) this.stream.pauseRequest();
  }

  onRequestEnd(trailers: HeaderList | undefined): void {
    const { attempt } = this;
    this.#requestEnded = true;
    if (trailers !== undefined) removeHeadOnly(trailers);
    if (!this.#headSent) attempt.keepEnd(trailers);
    attempt.sendEnd(trailers);
    if (attempt.open) this.limits?.flushed();
    if (this.#halfClosed) this.#finish(false);
  }

  onRequestReset(_: Reset): void {
    if (this.#done) return;
    this.#giveUp();
    this.#finish(true);
  }

  onResponseWritable(): void {
    this.attempt.resumeResponse();
  }

  onRequestWritable(): void {
    this.stream.resumeRequest();
  }

  /** Proxies say nothing to each other here, so what passes for the mesh's word is somebody else's. */
  onResponseInformational(head: ResponseHead): void {
    removeMeshHeaders(head.headers);
    removeHopByHop(head.headers);
    this.stream.sendInformational(head);
  }

  onResponseHead(head: ResponseHead, end: boolean): void {
    if (this.#done) return;
    if (mayBeUndelivered(head, end)) {
      head.headers.delete(NOT_DELIVERED);
      if (this.direction.rescues && this.direction.isMeshed(this) && this.attempt.resendable) {
        this.#rescue();
        return;
      }
    }
    this.#headSent = true;
    this.limits?.answered();
    this.attempt.answered();
    this.#status = head.status;
    if (this.grpc && end) this.#grpcStatus = grpcStatusOf(head.headers) ?? -1;
    this.direction.onResponse(this, head);
    this.direction.onReleased(this, this.direction.now() - this.attempt.sentMs);
    this.stream.sendHead(head, end);
    if (end) this.#finish(false);
  }

  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    this.limits?.moved();
    if (!this.stream.sendBytes(bytes, from, to)) this.attempt.pauseResponse();
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    if (this.#done) return;
    if (this.grpc) this.#grpcStatus = grpcStatusOf(trailers) ?? this.#grpcStatus;
    this.stream.sendEnd(trailers);
    // What a client says in a tunnel is of worth also after its server has ended its side.
    this.#halfClosed = !this.#requestEnded && isTunnel(this.request.method, this.#status);
    if (!this.#halfClosed) this.#finish(false);
  }

  onResponseReset(reset: Reset): void {
    if (this.#done) return;
    this.attempt.over();
    if (this.#headSent) {
      this.stream.resetResponse(
        reset.code === ErrorCode.NO_ERROR ? ErrorCode.INTERNAL_ERROR : reset.code,
      );
      this.#finish(true);
      return;
    }
    this.direction.onReleased(this, -1);
    // Its server takes no extended CONNECT over HTTP/2; it may still take an Upgrade.
    if (reset.unprocessed && reset.code === ErrorCode.CONNECT_ERROR && isUpgradable(this.request))
      this.upgrades = true;
    if (this.attempt.mayResend(reset, this.request.method)) {
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

  /** It was not in time: nobody is asked any longer, and the client hears it as far as an answer has not begun (ERR7). */
  onDeadline(kind: LimitKind): void {
    this.#giveUp();
    if (!this.#headSent) {
      this.fail("timeout", `${kind} timeout`);
      return;
    }
    this.stream.resetResponse(ErrorCode.INTERNAL_ERROR);
    this.#finish(true);
  }

  /** Whoever works on it need not go on. */
  #giveUp(): void {
    if (this.attempt.reset(ErrorCode.CANCEL) && !this.#headSent)
      this.direction.onReleased(this, -1);
  }

  /** Answers with an error that the proxy made up. */
  fail(kind: ErrorKind, message: string, detail?: ErrorDetail): void {
    if (this.#done) return;
    this.direction.onError(this, kind);
    const head = errorResponse(kind, {
      message,
      detail,
      grpc: this.grpc,
      http1: this.request.version !== "HTTP/2" || this.carried,
      informational: this.direction.informational,
      notDelivered: this.#saysNotDelivered(kind),
    });
    this.#status = head.status;
    if (this.grpc) this.#grpcStatus = grpcStatusOf(head.headers) ?? -1;
    this.stream.sendHead(head, true);
    if (!this.#requestEnded) this.stream.resumeRequest();
    this.#finish(false);
  }

  /** The endpoint's proxy could not hand it to its application: another endpoint may. */
  #rescue(): void {
    if (this.#requestEnded) this.attempt.over();
    else this.attempt.reset(ErrorCode.NO_ERROR);
    this.direction.onReleased(this, -1);
    this.direction.onEndpointFailed(this);
    this.direction.onRescued(this);
    this.#tryAgain("io", "no endpoint could deliver the request");
  }

  #saysNotDelivered(kind: ErrorKind): boolean {
    const { rescues, informational } = this.direction;
    return (
      !rescues &&
      informational &&
      !this.attempt.maybeProcessed &&
      (kind === "io" || kind === "connect-timeout")
    );
  }

  #tryAgain(kind: ErrorKind, message: string): void {
    this.limits?.retried();
    if (this.attempt.count >= ATTEMPT_LIMIT || !this.attempt.resendable) {
      this.fail(kind, message);
      return;
    }
    if (!this.#requestEnded) this.stream.pauseRequest();
    this.at = this.direction.retryFrom;
    this.run();
  }

  #finish(aborted: boolean): void {
    this.#done = true;
    this.limits?.stop();
    this.scope?.end({
      status: this.#status,
      grpcStatus: this.#grpcStatus,
      failed:
        aborted || isFailure(this.#status, this.#grpcStatus < 0 ? undefined : this.#grpcStatus),
      latencyMs: this.direction.now() - this.startedMs,
    });
    this.attempt.over();
  }
}
