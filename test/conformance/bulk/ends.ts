/** Client and application of transfers, over HTTP/1.1, HTTP/2 or bare TCP: one sends, the other reads and stalls. */

import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type {
  ClientStream,
  RequestHandler,
  ResponseHandler,
  ServerHandler,
  ServerStream,
} from "#lib/http-io/exchange.ts";
import { connectHttp1 } from "#lib/http-io/http1-client.ts";
import { serveHttp1 } from "#lib/http-io/http1-server.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { Sink, Source } from "./stream.ts";

/** What carries the body. */
export type Carrier = "HTTP/1.1" | "HTTP/2" | "TCP";
/** Where the body goes, seen from the client. */
export type Course = "upload" | "download";

/** One body on its way. */
export interface Transfer {
  readonly sink: Sink;
  /** Bytes that the sending end has handed over. */
  readonly sent: number;
  /** Lets the reader go on. */
  readonly resume: () => void;
}

interface Ongoing {
  readonly total: number;
  readonly sink: Sink;
  source: Source | undefined;
  resume: () => void;
  readonly sent: number;
}

const CONNECT_MS = 5000;
const now = (): number => performance.now();
const fault = (error: Error): void => {
  throw error;
};

/** Both ends; the proxies stand between the listener and the client. */
export class Ends {
  readonly listener: Listener;
  readonly #carrier: Carrier;
  readonly #course: Course;
  #ongoing: Ongoing | undefined;

  constructor(carrier: Carrier, course: Course) {
    this.#carrier = carrier;
    this.#course = course;
    this.listener = listen({ ip: "127.0.0.1", port: 0 }, (stream) => this.#serve(stream), fault);
  }

  /** Sends so many bytes, one transfer at a time; the reader stops once it has `stallAt` of them. */
  start(port: number, total: number, stallAt: number): Transfer {
    const ongoing: Ongoing = {
      total,
      sink: new Sink(total, stallAt),
      source: undefined,
      resume: () => undefined,
      get sent(): number {
        return this.source?.sent ?? 0;
      },
    };
    this.#ongoing = ongoing;
    connectTcp(
      { ip: "127.0.0.1", port, timeoutMs: CONNECT_MS, clock: systemClock, onFault: fault },
      {
        onConnected: (stream) => this.#request(stream, ongoing),
        onFailed: (error) => ongoing.sink.fail(error.message),
      },
    );
    return ongoing;
  }

  #serve(stream: ByteStream): void {
    const handler: ServerHandler = {
      onRequest: (request) => {
        if (this.#ongoing !== undefined) this.#answer(request, this.#ongoing);
      },
      onConnectionClose: () => undefined,
    };
    if (this.#carrier === "HTTP/1.1") serveHttp1(stream, handler);
    else if (this.#carrier === "HTTP/2") serveHttp2(stream, handler, { now });
    else if (this.#ongoing !== undefined)
      relayEnd(stream, this.#ongoing, this.#course === "download");
  }

  #answer(stream: ServerStream, ongoing: Ongoing): void {
    const { sink, total } = ongoing;
    const version = stream.request.version;
    let source: Source | undefined;
    const handler: RequestHandler = {
      onRequestBytes: (bytes, from, to) => sink.take(bytes.subarray(from, to)),
      onRequestEnd: () => {
        stream.sendHead({ status: 204, version, headers: new HeaderList() }, true);
        sink.end();
      },
      onRequestReset: ({ reason }) => sink.fail(`the request was reset: ${reason}`),
      onResponseWritable: () => source?.pump(),
    };
    stream.handler = handler;
    if (this.#course === "upload") {
      sink.pause = () => stream.pauseRequest();
      ongoing.resume = () => stream.resumeRequest();
      return;
    }
    const headers = HeaderList.of(["content-length", String(total)]);
    stream.sendHead({ status: 200, version, headers }, false);
    source = new Source(total, {
      send: (chunk) => stream.sendBytes(chunk, 0, chunk.length),
      end: () => stream.sendEnd(undefined),
    });
    ongoing.source = source;
    source.pump();
  }

  #request(stream: ByteStream, ongoing: Ongoing): void {
    const upload = this.#course === "upload";
    if (this.#carrier === "TCP") {
      relayEnd(stream, ongoing, upload);
      return;
    }
    const { sink, total } = ongoing;
    const observer = { onAvailable: () => undefined, onClosed: () => undefined };
    const connection =
      this.#carrier === "HTTP/1.1"
        ? connectHttp1(stream, observer)
        : connectHttp2(stream, observer, { now });
    const handler: ResponseHandler = {
      onResponseInformational: () => undefined,
      onResponseHead: ({ status }) => {
        if (status >= 300) sink.fail(`answered with ${status}`);
      },
      onResponseBytes: (bytes, from, to) => sink.take(bytes.subarray(from, to)),
      onResponseEnd: () => sink.end(),
      onResponseReset: ({ reason }) => sink.fail(`the response was reset: ${reason}`),
      onRequestWritable: () => ongoing.source?.pump(),
    };
    const sent = connection.send(headOf(this.#carrier, upload ? total : 0), !upload, handler);
    if (upload) send(sent, ongoing);
    else {
      sink.pause = () => sent.pauseResponse();
      ongoing.resume = () => sent.resumeResponse();
    }
  }
}

function headOf(version: "HTTP/1.1" | "HTTP/2", length: number): RequestHead {
  return {
    method: length > 0 ? "POST" : "GET",
    scheme: "http",
    authority: "app.test",
    path: "/",
    version,
    protocol: "",
    headers: length > 0 ? HeaderList.of(["content-length", String(length)]) : new HeaderList(),
  };
}

function send(stream: ClientStream, ongoing: Ongoing): void {
  ongoing.source = new Source(ongoing.total, {
    send: (chunk) => stream.sendBytes(chunk, 0, chunk.length),
    end: () => stream.sendEnd(undefined),
  });
  ongoing.source.pump();
}

/** One end of a relay: it sends all and half-closes, or it reads. */
function relayEnd(stream: ByteStream, ongoing: Ongoing, sends: boolean): void {
  const { sink, total } = ongoing;
  const source = new Source(total, {
    send: (chunk) => stream.write(chunk),
    end: () => stream.end(),
  });
  stream.handler = {
    onData: (chunk) => sink.take(chunk),
    onEnd: () => {
      if (sends) return;
      sink.end();
      stream.end();
    },
    onDrain: () => {
      if (sends) source.pump();
    },
    onClose: () => undefined,
  };
  if (sends) {
    ongoing.source = source;
    source.pump();
  } else {
    sink.pause = () => stream.pause();
    ongoing.resume = () => stream.resume();
  }
}
