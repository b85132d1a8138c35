/** One request that is looked at: its head, the head of its answer and the end are told; bodies never (K7). */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TapEvent_HttpSchema } from "#lib/api/gen/proxy/tap_pb.ts";
import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { withoutQuery } from "#lib/http/target.ts";
import type {
  ClientConnection,
  ClientStream,
  Reset,
  ResponseHandler,
} from "#lib/http-io/exchange.ts";
import { LentConnection } from "#lib/http-io/lent-connection.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { TapSubject } from "./tap-match.ts";
import { toDuration, toHeaders, toMethod, toScheme, toTcpAddress } from "./tap-values.ts";
import type { Tap, TapMessage } from "./taps.ts";

/** Who looks, and at what. */
interface Looking {
  readonly subject: TapSubject;
  readonly taken: readonly { readonly tap: Tap; readonly id: number }[];
  readonly clock: Clock;
}

/** A connection for one request. */
export class TappedConnection extends LentConnection {
  readonly #looking: Looking;

  constructor(connection: ClientConnection, looking: Looking) {
    super(connection);
    this.#looking = looking;
  }

  send(head: RequestHead, end: boolean, handler: ResponseHandler): ClientStream {
    const exchange = new TappedExchange(handler, this.#looking);
    exchange.upstream = this.connection.send(head, end, exchange);
    return exchange;
  }
}

type Event = NonNullable<MessageInitShape<typeof TapEvent_HttpSchema>["event"]>;

class TappedExchange implements ClientStream, ResponseHandler {
  upstream: ClientStream | undefined;
  readonly #handler: ResponseHandler;
  readonly #looking: Looking;
  readonly #base: TapMessage;
  readonly #sentMs: number;
  #answeredMs = -1;
  #bytes = 0;
  #grpcStatus: number | undefined;
  #over = false;

  constructor(handler: ResponseHandler, looking: Looking) {
    this.#handler = handler;
    this.#looking = looking;
    this.#base = baseOf(looking.subject);
    this.#sentMs = looking.clock.now();
    const { request } = looking.subject;
    const { method, scheme, authority, path } = request;
    const pseudo: (readonly [string, string])[] =
      request.version === "HTTP/2"
        ? [
            ...[[":method", method] as const, [":scheme", scheme] as const],
            ...[[":authority", authority] as const, [":path", path] as const],
          ]
        : [];
    this.#tell((id, headers) => ({
      case: "requestInit",
      value: {
        id,
        method: toMethod(method),
        ...toScheme(scheme),
        authority,
        path: withoutQuery(path),
        ...(headers && { headers: toHeaders(request.headers, pseudo) }),
      },
    }));
  }

  sendBytes(bytes: Uint8Array, from: number, to: number): boolean {
    return this.upstream?.sendBytes(bytes, from, to) !== false;
  }

  sendEnd(trailers: HeaderList | undefined): void {
    this.upstream?.sendEnd(trailers);
  }

  resetRequest(code: number): void {
    this.#end(undefined, undefined);
    this.upstream?.resetRequest(code);
  }

  pauseResponse(): void {
    this.upstream?.pauseResponse();
  }

  resumeResponse(): void {
    this.upstream?.resumeResponse();
  }

  onResponseInformational(head: ResponseHead): void {
    this.#handler.onResponseInformational(head);
  }

  onResponseHead(head: ResponseHead, end: boolean): void {
    this.#answeredMs = this.#looking.clock.now();
    this.#grpcStatus = codeIn(head.headers);
    const { status, version, headers } = head;
    const pseudo = version === "HTTP/2" ? [[":status", String(status)] as const] : [];
    this.#tell((id, wanted) => ({
      case: "responseInit",
      value: {
        id,
        sinceRequestInit: toDuration(this.#answeredMs - this.#sentMs),
        httpStatus: status,
        ...(wanted && { headers: toHeaders(headers, pseudo) }),
      },
    }));
    if (end) this.#end(this.#grpcEnd(this.#grpcStatus), undefined);
    this.#handler.onResponseHead(head, end);
  }

  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    this.#bytes += to - from;
    this.#handler.onResponseBytes(bytes, from, to);
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    const code = trailers === undefined ? this.#grpcStatus : codeIn(trailers);
    this.#end(this.#grpcEnd(code), trailers);
    this.#handler.onResponseEnd(trailers);
  }

  onResponseReset(reset: Reset): void {
    this.#end({ case: "resetErrorCode", value: reset.code }, undefined);
    this.#handler.onResponseReset(reset);
  }

  onRequestWritable(): void {
    this.#handler.onRequestWritable();
  }

  #grpcEnd(code: number | undefined): { case: "grpcStatusCode"; value: number } | undefined {
    return code === undefined ? undefined : { case: "grpcStatusCode", value: code };
  }

  #end(
    end: { case: "grpcStatusCode" | "resetErrorCode"; value: number } | undefined,
    trailers: HeaderList | undefined,
  ): void {
    if (this.#over) return;
    this.#over = true;
    const nowMs = this.#looking.clock.now();
    const answered = this.#answeredMs >= 0;
    this.#tell((id, headers) => ({
      case: "responseEnd",
      value: {
        id,
        sinceRequestInit: toDuration(nowMs - this.#sentMs),
        ...(answered && { sinceResponseInit: toDuration(nowMs - this.#answeredMs) }),
        responseBytes: BigInt(this.#bytes),
        eos: { end: end ?? { case: undefined } },
        ...(headers && trailers !== undefined && { trailers: toHeaders(trailers) }),
      },
    }));
    for (const { tap } of this.#looking.taken) tap.ended();
  }

  #tell(event: (id: { base: number; stream: bigint }, headers: boolean) => Event): void {
    for (const { tap, id } of this.#looking.taken) {
      const { base, headers, send } = tap.options;
      const value = { event: event({ base, stream: BigInt(id) }, headers) };
      send.call(tap.options, { ...this.#base, event: { case: "http", value } } as TapMessage);
    }
  }
}

function baseOf(subject: TapSubject): TapMessage {
  const { direction, source, destination, routeLabels } = subject;
  return {
    proxyDirection: direction === "inbound" ? 1 : 2,
    ...(source !== undefined && { source: toTcpAddress(source) }),
    destination: toTcpAddress(destination),
    sourceMeta: { labels: { ...subject.sourceTls } },
    destinationMeta: { labels: { ...subject.destinationLabels, ...subject.destinationTls } },
    ...(routeLabels !== undefined && { routeMeta: { labels: { ...routeLabels } } }),
  };
}

function codeIn(headers: HeaderList): number | undefined {
  const text = headers.get("grpc-status");
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}
