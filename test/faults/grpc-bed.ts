/** A gRPC server and a client of HTTP/2 on a connection in memory, for calls that no gRPC client would make. */

import { GetDestinationSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { readMessage } from "#lib/grpc/message.ts";
import { createGrpcHandler, type ServerCall } from "#lib/grpc/server.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type { ClientConnection, ClientStream, ResponseHandler } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { FakePair } from "../fake/byte-stream.ts";
import { FakeClock } from "../fake/clock.ts";

/** A method that watches, as a control plane's do: it keeps its calls until they are cancelled. */
export const WATCH = "/test.Watches/Watch";

/** What came back for one request. */
export class Outcome implements ResponseHandler {
  httpStatus = 0;
  grpcStatus: string | undefined;
  data: Buffer = Buffer.alloc(0);
  ended = false;
  reset: number | undefined;

  onResponseInformational(): void {
    // Nothing to see.
  }

  onResponseHead(
    head: { readonly status: number; readonly headers: HeaderList },
    end: boolean,
  ): void {
    this.httpStatus = head.status;
    this.grpcStatus = head.headers.get("grpc-status");
    this.ended = end;
  }

  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    this.data = Buffer.concat([this.data, chunk]);
  }

  onResponseEnd(trailers: HeaderList | undefined): void {
    this.grpcStatus = trailers?.get("grpc-status") ?? this.grpcStatus;
    this.ended = true;
  }

  onResponseReset({ code }: { readonly code: number }): void {
    this.reset = code;
  }

  onRequestWritable(): void {
    // Requests here are short.
  }
}

/** The server's watches, and a connection to it. */
export class GrpcBed {
  readonly clock: FakeClock = new FakeClock();
  readonly pair: FakePair = new FakePair();
  readonly connection: ClientConnection;
  readonly faults: Error[] = [];
  /** Calls that are watched now, and what each asked for. */
  readonly watching: Map<ServerCall, string> = new Map();
  cancelled = 0;

  constructor() {
    const watch = (call: ServerCall): void => {
      this.watching.set(call, readMessage(GetDestinationSchema, call.request).path);
      call.onCancel = () => {
        this.cancelled += 1;
        this.watching.delete(call);
      };
    };
    const { clock } = this;
    const handler = createGrpcHandler(new Map([[WATCH, watch]]), {
      clock,
      onFault: (error) => this.faults.push(error),
    });
    const now = (): number => clock.now();
    serveHttp2(this.pair.b, handler, { now, clock });
    const observer = { onAvailable: () => undefined, onClosed: () => undefined };
    this.connection = connectHttp2(this.pair.a, observer, { now });
  }

  /** Begins a call with these bytes as its body; `more` replaces headers. */
  begin(
    body: Uint8Array,
    more: Readonly<Record<string, string>> = {},
  ): { readonly outcome: Outcome; readonly stream: ClientStream } {
    const fields = { "content-type": "application/grpc", te: "trailers", ...more };
    const head: RequestHead = {
      method: "POST",
      scheme: "http",
      authority: "control.test",
      path: WATCH,
      version: "HTTP/2",
      protocol: "",
      headers: HeaderList.of(...Object.entries(fields)),
    };
    const outcome = new Outcome();
    const stream = this.connection.send(head, false, outcome);
    if (body.length > 0) stream.sendBytes(body, 0, body.length);
    return { outcome, stream };
  }

  /** Makes a call and runs the connection until nothing moves. */
  async call(body: Uint8Array, more: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const { outcome, stream } = this.begin(body, more);
    stream.sendEnd(undefined);
    await this.pair.run();
    return outcome;
  }
}
