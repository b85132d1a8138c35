/** One request on its way through the proxy: what the client sends goes up, what the endpoint answers comes down. */

import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { removeHeadOnly, removeHopByHop } from "#lib/http/semantics.ts";
import type { ClientConnection, Reset, ServerStream } from "#lib/http-io/exchange.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { Attempt } from "./attempt.ts";
import { callStatusOf, grpcStatusOf, isGrpc, isTunnel } from "./classify.ts";
import type { Direction, ExchangeHandlers } from "./direction.ts";
import { codeOf, endingOf } from "./faults.ts";
import { removeMeshHeaders } from "./mesh-headers.ts";
import type { LimitKind, RequestLimits } from "./request-limits.ts";
import { type ErrorDetail, type ErrorKind, kindOf, refusalOf, takeUndelivered } from "./rescue.ts";
import { isPassedOn, isToldByCode, mayUpgrade, type Turned } from "./resend.ts";
import type { Retry } from "./retry.ts";
import { Tally } from "./tally.ts";

/** A request under way. `route` is whatever its direction needs to remember. */
export class Forwarded<X> implements ExchangeHandlers {
  at = 0;
  readonly stream: ServerStream;
  readonly request: RequestHead;
  readonly direction: Direction<Forwarded<X>>;
  readonly grpc: boolean;
  /** Filled in by the stations: `arrived` is the request as it came, where somebody looks at that later. */
  route: X;
  arrived: RequestHead | undefined;
  /** The times that it has, and how it may be tried again, where policy or itself says so. */
  limits: RequestLimits | undefined;
  retry: Retry | undefined;
  readonly tally: Tally;
  turned: Turned = "nothing";
  readonly attempt: Attempt;
  /** `new`: not begun, or refused at once; `half-closed`: its server has ended its side of a tunnel, its client has not. */
  #state: "new" | "waiting" | "answering" | "half-closed" | "done" = "new";

  constructor(stream: ServerStream, direction: Direction<Forwarded<X>>, route: X) {
    this.stream = stream;
    this.request = stream.request;
    this.direction = direction;
    this.route = route;
    this.tally = new Tally(direction);
    this.grpc = isGrpc(stream.request.headers);
    this.attempt = new Attempt(stream.requestEnded);
    stream.handler = this;
  }

  /** Whether nothing more happens to it. */
  get done(): boolean {
    return this.#state === "done";
  }

  /** Starts or goes on with the path; the body waits until there is somewhere to send it. */
  run(): void {
    if (!this.done) this.direction.path.run(this);
  }

  /** Begins: nothing of the body is read before a connection is there. */
  begin(): void {
    if (!this.attempt.ended) this.stream.pauseRequest();
    if (this.direction.inFlight.enter()) this.#state = "waiting";
    if (this.#state === "waiting") this.run();
    else this.fail("loadshed", "too many requests are under way");
  }

  /** A connection to the endpoint is there. */
  onConnection(connection: ClientConnection): void {
    if (this.done) return;
    const { attempt } = this;
    attempt.begin(this.direction.now());
    this.direction.onSend(this);
    this.tally.sent(attempt.sentMs);
    this.limits?.sent(attempt.ended, this.retry?.isLast(attempt) !== false);
    attempt.send(this.direction.via(this, connection), this.request, this);
    if (!attempt.ended) this.stream.resumeRequest();
  }

  onConnectFailed(error: Error): void {
    if (this.done) return;
    this.attempt.failed();
    this.direction.onReleased(this, -1);
    this.direction.onEndpointFailed(this);
    const kind = kindOf(error);
    if (kind === "failfast" || kind === "loadshed") this.fail(kind, error.message);
    else this.#tryAgain(kind, error.message);
  }

  onRequestBytes(bytes: Buffer, from: number, to: number): void {
    if (!this.attempt.open) return;
    this.limits?.moved();
    this.tally.requestBytes(to - from);
    if (this.#state === "waiting") this.attempt.keep(bytes, from, to);
    if (!this.attempt.sendBytes(bytes, from, to)) this.stream.pauseRequest();
  }

  onRequestEnd(trailers: HeaderList | undefined): void {
    const { attempt } = this;
    attempt.ended = true;
    this.tally.requestEnded();
    if (trailers !== undefined) removeHeadOnly(trailers);
    if (this.#state === "waiting") attempt.keepEnd(trailers);
    attempt.sendEnd(trailers);
    if (attempt.open) this.limits?.flushed(this.retry?.isLast(attempt) !== false);
    if (this.#state === "half-closed") this.#finish(false);
  }

  onRequestReset(_: Reset): void {
    if (this.done) return;
    this.#giveUp();
    this.tally.cancelled();
    this.#finish(true);
  }

  onResponseWritable(): void {
    this.attempt.resumeResponse();
  }

  /** While no attempt is open what came would go nowhere: the next one has the request go on itself. */
  onRequestWritable(): void {
    if (this.attempt.open) this.stream.resumeRequest();
  }

  /** Proxies say nothing to each other here, so what passes for the mesh's word is somebody else's. */
  onResponseInformational(head: ResponseHead): void {
    removeMeshHeaders(head.headers);
    removeHopByHop(head.headers);
    this.stream.sendInformational(head);
  }

  onResponseHead(head: ResponseHead, end: boolean): void {
    if (this.done) return;
    if (takeUndelivered(head, end) && this.#rescued()) return;
    const code = callStatusOf(head.headers, this.grpc);
    if (code < 0 && this.retry?.holds(head, end, this) === true) this.limits?.headed();
    else this.#settle(head, end, code);
  }

  /** Answers with what came, or tries again; `code` is -1 where none is known. True where it is tried again. */
  #settle(head: ResponseHead, end: boolean, code: number): boolean {
    const { retry, attempt } = this;
    if (retry?.wantsAnswer(head.status, code) === true && retry.take(attempt)) {
      this.direction.onReleased(this, this.direction.now() - attempt.sentMs, head);
      this.direction.onOutcome(this, head.status, code);
      this.tally.tried({ status: head.status, grpcStatus: code, fault: "" });
      if (end) attempt.over();
      else attempt.reset(ErrorCode.CANCEL, this);
      this.#again(retry);
      return true;
    }
    this.#answer(head, end, code);
    return false;
  }

  #again(retry: Retry): void {
    this.direction.onAttemptOver(this);
    this.limits?.retried();
    retry.wait(() => {
      this.at = this.direction.onRetry(this);
      this.run();
    });
  }

  #answer(head: ResponseHead, end: boolean, code: number): void {
    if (this.#state === "waiting") this.direction.inFlight.leave();
    this.#state = "answering";
    this.limits?.answered();
    this.attempt.answered();
    this.tally.answered(head.status, code);
    this.direction.onReleased(this, this.direction.now() - this.attempt.sentMs, head);
    this.direction.onResponse(this, head);
    this.direction.onAnswer(this, head);
    if (end || !this.grpc) this.direction.onOutcome(this, head.status, code);
    this.stream.sendHead(head, end);
    if (end) this.#answerEnded();
  }

  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    const held = this.retry?.release();
    if (held !== undefined) this.#settle(held, false, -1);
    this.limits?.moved();
    this.tally.responseBytes(to - from);
    if (!this.stream.sendBytes(bytes, from, to)) this.attempt.pauseResponse();
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    if (this.done) return;
    const held = this.retry?.release();
    if (held !== undefined) {
      this.attempt.over();
      if (this.#settle(held, false, callStatusOf(trailers, this.grpc))) return;
    }
    if (this.grpc) {
      this.tally.grpcStatus = grpcStatusOf(trailers) ?? this.tally.grpcStatus;
      this.direction.onOutcome(this, this.tally.status, this.tally.grpcStatus);
    }
    this.stream.sendEnd(trailers);
    this.#answerEnded();
  }

  /** What a client says in a tunnel is of worth also after its server has ended its side. */
  #answerEnded(): void {
    const tunnel = isTunnel(this.request.method, this.tally.status);
    if (tunnel && !this.attempt.ended) this.#state = "half-closed";
    else this.#finish(false);
  }

  onResponseReset(reset: Reset): void {
    if (this.done) return;
    const waitedMs = this.attempt.waitedMs(this.direction.now());
    this.attempt.over();
    const waiting = this.#state === "waiting";
    if (!reset.unprocessed && (this.grpc || waiting)) this.direction.onOutcome(this, 0, -1);
    this.retry?.release();
    if (!waiting) {
      this.#breakOff(reset);
      return;
    }
    this.direction.onReleased(this, waitedMs);
    if (mayUpgrade(reset, this.request)) this.turned = "upgrade";
    if (this.attempt.mayResend(reset, this.request.method))
      this.#tryAgain("io", "endpoint did not take the request");
    else if (isPassedOn(reset, this)) this.#breakOff(reset);
    else this.fail("io", "connection to endpoint ended");
  }

  #breakOff(why: Reset | LimitKind): void {
    this.tally.broken(why, this.request.version);
    this.#finish(true);
    this.stream.resetResponse(codeOf(why));
  }

  /** It was not in time: nobody is asked any longer, and the client hears it as far as an answer has not begun (ERR7). */
  onDeadline(kind: LimitKind): void {
    this.#giveUp();
    if (this.#state === "waiting") this.fail(`${kind}-timeout`, `${kind} timeout`);
    else this.#breakOff(kind);
  }

  /** Whoever works on it need not go on. */
  #giveUp(): void {
    const waitedMs = this.attempt.waitedMs(this.direction.now());
    if (this.attempt.reset(ErrorCode.CANCEL, this) && this.#state === "waiting")
      this.direction.onReleased(this, waitedMs);
  }

  /** Answers with an error that the proxy made up. */
  fail(kind: ErrorKind, message: string, detail?: ErrorDetail): void {
    if (this.done) return;
    const byCode = isToldByCode(this);
    if (this.retry?.wantsError(kind, byCode) === true && this.retry.take(this.attempt)) {
      this.tally.tried(endingOf(kind, byCode, undefined));
      this.#again(this.retry);
      return;
    }
    const head = refusalOf(this, { kind, message, detail });
    this.tally.failed(endingOf(kind, byCode, detail), head);
    this.direction.onError(this, kind);
    this.direction.onAnswer(this, head);
    this.stream.sendHead(head, true);
    if (!this.attempt.ended) this.stream.resumeRequest();
    this.#finish(false);
  }

  /** The endpoint's proxy could not hand it to its application: another endpoint may. */
  #rescued(): boolean {
    const { rescues } = this.direction;
    if (!(rescues && this.direction.isMeshed(this) && this.attempt.resendable)) return false;
    if (this.attempt.ended) this.attempt.over();
    else this.attempt.reset(ErrorCode.NO_ERROR, this);
    this.direction.onReleased(this, -1);
    this.direction.onEndpointFailed(this);
    this.direction.onRescued(this);
    this.#tryAgain("io", "no endpoint could deliver the request");
    return true;
  }

  #tryAgain(kind: ErrorKind, message: string): void {
    this.direction.onAttemptOver(this);
    this.limits?.retried();
    if (this.attempt.exhausted) this.fail(kind, message);
    else {
      if (!this.attempt.ended) this.stream.pauseRequest();
      this.at = this.direction.retryFrom;
      this.run();
    }
  }

  /** Once: to break a client's connection off may be heard of as its end. */
  #finish(aborted: boolean): void {
    if (this.done) return;
    if (this.#state === "waiting") this.direction.inFlight.leave();
    this.#state = "done";
    this.direction.onAttemptOver(this);
    this.limits?.stop();
    this.retry?.stop();
    this.tally.ended(aborted);
    this.attempt.over();
  }
}
