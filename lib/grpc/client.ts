/** Unary and server-streaming calls over a client connection. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type {
  ClientConnection,
  ClientStream,
  Reset,
  ResponseHandler,
} from "#lib/http-io/exchange.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import { frameMessage, MessageReader } from "./framing.ts";
import { GrpcCode, GrpcError, isGrpcContent, readStatus } from "./status.ts";
import { formatGrpcTimeout, GRPC_TIMEOUT } from "./timeout.ts";

/** Follows a call. `onEnd` comes exactly once, also after `cancel`. */
export interface CallObserver {
  onMessage(message: Uint8Array): void;
  onEnd(status: GrpcError): void;
}

/** A call under way. */
export interface Call {
  cancel(): void;
}

/** What is called, where the request says it goes. */
export interface CallTarget {
  readonly authority: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** How long the whole call may take: the server is told, and it ends with DEADLINE_EXCEEDED. Not said: for ever. */
  readonly deadline?: { readonly clock: Clock; readonly timeoutMs: number };
}

/** Calls with one request message; messages arrive until the end. */
export function callStreaming(
  connection: ClientConnection,
  target: CallTarget,
  request: Uint8Array,
  observer: CallObserver,
): Call {
  const head: RequestHead = {
    method: "POST",
    scheme: "http",
    authority: target.authority,
    path: target.path,
    version: "HTTP/2",
    protocol: "",
    headers: HeaderList.of(["content-type", "application/grpc"], ["te", "trailers"]),
  };
  const call = new StreamingCall(observer);
  const { deadline } = target;
  if (deadline !== undefined) head.headers.add(GRPC_TIMEOUT, formatGrpcTimeout(deadline.timeoutMs));
  call.stream = connection.send(head, false, call);
  const framed = frameMessage(request);
  call.stream.sendBytes(framed, 0, framed.length);
  call.stream.sendEnd(undefined);
  if (deadline !== undefined) call.watchDeadline(deadline.clock, deadline.timeoutMs);
  return call;
}

/** Calls with one request and one response. Rejects with GrpcError. */
export function callUnary(
  connection: ClientConnection,
  target: CallTarget,
  request: Uint8Array,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let response: Uint8Array | undefined;
    callStreaming(connection, target, request, {
      onMessage: (message) => {
        response = message;
      },
      onEnd: (status) => {
        if (status.code === GrpcCode.OK && response !== undefined) resolve(response);
        else if (status.code === GrpcCode.OK)
          reject(new GrpcError(GrpcCode.INTERNAL, "no response message"));
        else reject(status);
      },
    });
  });
}

class StreamingCall implements Call, ResponseHandler {
  stream: ClientStream | undefined;
  readonly #observer: CallObserver;
  readonly #reader = new MessageReader();
  #ended = false;
  #timer: Timer | undefined;

  constructor(observer: CallObserver) {
    this.#observer = observer;
  }

  watchDeadline(clock: Clock, timeoutMs: number): void {
    if (this.#ended) return;
    this.#timer = clock.after(timeoutMs, () =>
      this.#fail(new GrpcError(GrpcCode.DEADLINE_EXCEEDED, "call took too long"), false),
    );
  }

  cancel(): void {
    if (this.#ended) return;
    this.stream?.resetRequest(ErrorCode.CANCEL);
    this.#end(new GrpcError(GrpcCode.CANCELLED, "call was cancelled"));
  }

  onResponseInformational(): void {
    // Nothing to learn from it.
  }

  onResponseHead(head: ResponseHead, end: boolean): void {
    const status = readStatus(head.headers);
    const contentType = head.headers.get("content-type");
    if (status !== undefined && end) this.#end(status);
    else if (head.status !== 200)
      this.#fail(
        new GrpcError(codeOfHttp(head.status), `server answered HTTP ${head.status}`),
        end,
      );
    else if (end) this.#end(NO_STATUS);
    else if (contentType !== undefined && !isGrpcContent(contentType))
      this.#fail(new GrpcError(GrpcCode.UNKNOWN, `server answered with ${contentType}`), end);
  }

  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    if (this.#ended) return;
    const chunk = bytes.subarray(from, to);
    // Whoever cannot use one ends the call, and hears nothing of those behind it.
    const problem = this.#reader.receive(chunk, (message) => {
      if (!this.#ended) this.#observer.onMessage(message);
    });
    if (problem === undefined) return;
    const code = problem === "too-large" ? GrpcCode.RESOURCE_EXHAUSTED : GrpcCode.INTERNAL;
    this.#fail(new GrpcError(code, `server sent a ${problem} message`), false);
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    const status = readStatus(trailers) ?? NO_STATUS;
    const cut = this.#reader.incomplete && status.code === GrpcCode.OK;
    this.#end(cut ? new GrpcError(GrpcCode.INTERNAL, "server cut a message short") : status);
  }

  onResponseReset(reset: Reset): void {
    const code = reset.reason === "cancelled" ? codeOfReset(reset.code) : GrpcCode.UNAVAILABLE;
    this.#end(new GrpcError(code, `connection to server ended: ${reset.reason}`));
  }

  onRequestWritable(): void {
    // The one request message is queued already.
  }

  #fail(status: GrpcError, ended: boolean): void {
    if (!ended) this.stream?.resetRequest(ErrorCode.CANCEL);
    this.#end(status);
  }

  #end(status: GrpcError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    this.#observer.onEnd(status);
  }
}

const NO_STATUS = new GrpcError(GrpcCode.UNKNOWN, "server sent no status");

/** The code that stands for an HTTP status without a gRPC one (gRPC's `http-grpc-status-mapping`). */
function codeOfHttp(status: number): number {
  const codes: Readonly<Record<number, number>> = {
    400: GrpcCode.INTERNAL,
    401: GrpcCode.UNAUTHENTICATED,
    403: GrpcCode.PERMISSION_DENIED,
    404: GrpcCode.UNIMPLEMENTED,
    429: GrpcCode.UNAVAILABLE,
    502: GrpcCode.UNAVAILABLE,
    503: GrpcCode.UNAVAILABLE,
    504: GrpcCode.UNAVAILABLE,
  };
  return codes[status] ?? GrpcCode.UNKNOWN;
}

/** The code that stands for a stream's HTTP/2 error code (gRPC's "PROTOCOL-HTTP2.md", "Errors"). */
function codeOfReset(code: number): number {
  if (code === ErrorCode.REFUSED_STREAM) return GrpcCode.UNAVAILABLE;
  if (code === ErrorCode.CANCEL) return GrpcCode.CANCELLED;
  if (code === ErrorCode.ENHANCE_YOUR_CALM) return GrpcCode.RESOURCE_EXHAUSTED;
  return GrpcCode.INTERNAL;
}
