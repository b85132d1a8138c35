/** Unary and server-streaming calls over a client connection. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type {
  ClientConnection,
  ClientStream,
  Reset,
  ResponseHandler,
} from "#lib/http-io/exchange.ts";
import { frameMessage, MessageReader } from "./framing.ts";
import { GrpcCode, GrpcError, readStatus } from "./status.ts";

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
}

const CANCEL = 8;

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
  call.stream = connection.send(head, false, call);
  call.stream.sendData(frameMessage(request));
  call.stream.sendEnd(undefined);
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

  constructor(observer: CallObserver) {
    this.#observer = observer;
  }

  cancel(): void {
    if (this.#ended) return;
    this.stream?.resetRequest(CANCEL);
    this.#end(new GrpcError(GrpcCode.CANCELLED, "call was cancelled"));
  }

  onResponseInformational(): void {
    // Nothing to learn from it.
  }

  onResponseHead(head: ResponseHead, end: boolean): void {
    const status = readStatus(head.headers);
    if (status !== undefined && end) this.#end(status);
    else if (head.status !== 200)
      this.#fail(
        new GrpcError(codeOfHttp(head.status), `server answered HTTP ${head.status}`),
        end,
      );
  }

  onResponseData(chunk: Uint8Array): void {
    if (this.#ended) return;
    const problem = this.#reader.receive(chunk, (message) => this.#observer.onMessage(message));
    if (problem !== undefined)
      this.#fail(new GrpcError(GrpcCode.INTERNAL, `server sent a ${problem} message`), false);
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    this.#end(readStatus(trailers) ?? new GrpcError(GrpcCode.UNKNOWN, "server sent no status"));
  }

  onResponseReset(reset: Reset): void {
    this.#end(new GrpcError(GrpcCode.UNAVAILABLE, `connection to server ended: ${reset.reason}`));
  }

  onRequestWritable(): void {
    // The one request message is queued already.
  }

  #fail(status: GrpcError, ended: boolean): void {
    if (!ended) this.stream?.resetRequest(CANCEL);
    this.#end(status);
  }

  #end(status: GrpcError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#observer.onEnd(status);
  }
}

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
