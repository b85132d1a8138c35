/** Both drivers of a version on a connection in memory: an answer that is recorded, a server that echoes. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type {
  ClientConnection,
  RequestHandler,
  Reset,
  ResponseHandler,
  ServerHandler,
  ServerStream,
} from "#lib/http-io/exchange.ts";
import { connectHttp1 } from "#lib/http-io/http1-client.ts";
import { serveHttp1 } from "#lib/http-io/http1-server.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { FakePair } from "./byte-stream.ts";

const now = (): number => 0;

/** What a client was told of one response. */
export class RecordedAnswer implements ResponseHandler {
  informational: number[] = [];
  head: ResponseHead | undefined;
  body = "";
  ended = false;
  trailers: HeaderList | undefined;
  reset: Reset | undefined;
  writable = 0;

  onResponseInformational(head: ResponseHead): void {
    this.informational.push(head.status);
  }
  onResponseHead(head: ResponseHead, end: boolean): void {
    this.head = head;
    this.ended = end;
  }
  onResponseBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    this.body += Buffer.from(chunk).toString("latin1");
  }
  onResponseEnd(trailers: HeaderList | undefined): void {
    this.ended = true;
    this.trailers = trailers;
  }
  onResponseReset(reset: Reset): void {
    this.reset = reset;
  }
  onRequestWritable(): void {
    this.writable++;
  }
}

/** Answers every request with its own body, and its trailers. */
export class Echo implements ServerHandler {
  readonly streams: ServerStream[] = [];
  readonly resets: Reset[] = [];
  writable = 0;
  closed = false;

  onRequest(stream: ServerStream): void {
    this.streams.push(stream);
    const head = { status: 200, version: "HTTP/1.1" as const, headers: new HeaderList() };
    head.headers.add("x-path", stream.request.path);
    const handler: RequestHandler = {
      onRequestBytes: (bytes, from, to) => void stream.sendBytes(bytes, from, to),
      onRequestEnd: (trailers) => stream.sendEnd(trailers),
      onRequestReset: (reset) => void this.resets.push(reset),
      onResponseWritable: () => {
        this.writable++;
      },
    };
    stream.handler = handler;
    stream.sendHead(head, stream.requestEnded);
  }
  onConnectionClose(): void {
    this.closed = true;
  }
}

/** A request for a path; GET without fields unless said. */
export function request(path: string, fields: Partial<RequestHead> = {}): RequestHead {
  return {
    method: "GET",
    scheme: "http",
    authority: "web.test",
    path,
    version: "HTTP/2",
    protocol: "",
    headers: new HeaderList(),
    ...fields,
  };
}

/** Both ends of one connection in memory, and what the client's observer was told. */
export interface DriverRig {
  readonly pair: FakePair;
  readonly client: ClientConnection;
  readonly events: string[];
}

/** A connection of this version to what a handler serves; its clock stands still. */
export function driverRig(version: "HTTP/1.1" | "HTTP/2", handler: ServerHandler): DriverRig {
  const pair = new FakePair();
  const events: string[] = [];
  const observer = {
    onAvailable: () => void events.push("available"),
    onClosed: () => void events.push("closed"),
  };
  if (version === "HTTP/1.1") {
    serveHttp1(pair.b, handler);
    return { pair, events, client: connectHttp1(pair.a, observer) };
  }
  serveHttp2(pair.b, handler, { now });
  return { pair, events, client: connectHttp2(pair.a, observer, { now }) };
}
