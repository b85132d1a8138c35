/** What a proxy talks to: a port that speaks HTTP of both versions, inside TLS or behind a transport header, and tells what it heard. */

import { HeaderList } from "#lib/http/headers.ts";
import type { HttpVersion } from "#lib/http/message.ts";
import { NOBODY, type ServerHandler, type ServerStream } from "#lib/http-io/exchange.ts";
import { serveHttp1 } from "#lib/http-io/http1-server.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { acceptTls, TlsCredentials, type TlsMaterial } from "#lib/net/tls.ts";
import { inNetns } from "#lib/sys/netns.ts";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { readClientHello } from "#lib/tls/client-hello.ts";
import {
  readTransportHeader,
  TRANSPORT_ALPN,
  type TransportHeader,
} from "../../proxy/transport/header.ts";

/** How a connection came to be. */
export interface Arrival {
  readonly sni: string | undefined;
  /** What the client offered. */
  readonly alpn: readonly string[];
  readonly peerName: string | undefined;
  readonly transport: TransportHeader | undefined;
}

/** One request. */
export interface Heard extends Arrival {
  readonly version: HttpVersion;
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is answered; `undefined` for nothing, ever. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** Where an endpoint is and what it is. */
export interface EndpointOptions {
  readonly netns: string;
  readonly ip: string;
  readonly port: number;
  /** What it calls itself: the header `x-endpoint` of its answers. */
  readonly name: string;
  /** TLS is terminated with it; without it everything is plain. */
  readonly material?: TlsMaterial;
  /** Whether it is the direct port of a proxy: ALPN and the header are demanded. */
  readonly direct?: boolean;
  readonly answer?: (heard: Heard) => Answer | undefined;
}

const PLAIN: Arrival = { sni: undefined, alpn: [], peerName: undefined, transport: undefined };
const PLAIN_BYTES = { type: "not-tls" } as const;
const GRPC_OK: Answer = {
  headers: { "content-type": "application/grpc" },
  trailers: { "grpc-status": "0" },
};
const onFault = (error: Error): void => {
  throw error;
};
const silent = { onEnd: () => undefined, onDrain: () => undefined, onClose: () => undefined };

const listOf = (fields: Readonly<Record<string, string>>): HeaderList =>
  HeaderList.of(...Object.entries(fields));

/** The endpoint. */
export class Endpoint {
  readonly heard: Heard[] = [];
  /** Connections, whatever came on them. */
  connections = 0;
  readonly #options: EndpointOptions;
  readonly #credentials: TlsCredentials | undefined;
  readonly #listener: Listener;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#credentials = options.material && new TlsCredentials(options.material);
    const { ip, port } = options;
    this.#listener = inNetns(options.netns, () =>
      listen({ ip, port }, (stream) => this.#take(stream), onFault),
    );
  }

  stop(): void {
    this.#listener.stop();
  }

  #take(stream: TcpStream): void {
    this.connections += 1;
    firstBytes(stream, (bytes) => {
      const credentials = this.#credentials;
      const hello = credentials === undefined ? PLAIN_BYTES : readClientHello(bytes);
      if (hello.type === "not-tls") this.#serve(stream, bytes, PLAIN);
      if (hello.type !== "tls" || credentials === undefined) return;
      const alpn = this.#options.direct === true ? [TRANSPORT_ALPN] : [];
      acceptTls(
        stream,
        { initial: new Uint8Array(bytes), credentials, alpn, onFault, clock },
        {
          onSession: (session) => {
            const { sni, alpn: offered } = hello;
            const { peerName } = session;
            this.#secure(session.stream, { sni, alpn: offered, peerName, transport: undefined });
          },
          onFailed: () => undefined,
        },
      );
    });
  }

  #secure(stream: ByteStream, arrival: Arrival): void {
    firstBytes(stream, (bytes) => {
      if (this.#options.direct !== true) {
        this.#serve(stream, bytes, arrival);
        return;
      }
      const read = readTransportHeader(bytes);
      if (read.type === "invalid") stream.destroy();
      if (read.type !== "header") return;
      const known = { ...arrival, transport: read.header };
      if (read.rest.length > 0) this.#serve(stream, read.rest, known);
      else firstBytes(stream, (rest) => this.#serve(stream, rest, known));
    });
  }

  #serve(stream: ByteStream, bytes: Uint8Array, arrival: Arrival): void {
    const handler: ServerHandler = {
      onRequest: (request) => this.#collect(request, arrival),
      onConnectionClose: () => undefined,
    };
    const connection =
      bytes[0] === "P".charCodeAt(0) && bytes[1] === "R".charCodeAt(0)
        ? serveHttp2(stream, handler, { now: () => performance.now() })
        : serveHttp1(stream, handler);
    connection.onData(Buffer.from(bytes));
  }

  #collect(stream: ServerStream, arrival: Arrival): void {
    const chunks: Buffer[] = [];
    const done = (): void => this.#answer(stream, Buffer.concat(chunks).toString(), arrival);
    stream.handler = {
      ...NOBODY,
      onRequestBytes: (bytes, from, to) => void chunks.push(Buffer.from(bytes.subarray(from, to))),
      onRequestEnd: done,
    };
    if (stream.requestEnded) done();
  }

  #answer(stream: ServerStream, body: string, arrival: Arrival): void {
    const { request } = stream;
    const { names, values } = request.headers;
    const headers = Object.fromEntries(names.map((name, at) => [name, values[at] ?? ""]));
    const heard: Heard = {
      ...arrival,
      version: request.version,
      method: request.method,
      path: request.path,
      authority: request.authority,
      headers,
      body,
    };
    this.heard.push(heard);
    const grpc = headers["content-type"]?.startsWith("application/grpc") === true;
    const how = this.#options.answer ?? (() => ({}));
    const given = how(heard);
    if (given === undefined) return;
    const answer: Answer = { ...(grpc ? GRPC_OK : {}), ...given };
    const fields = listOf({ "x-endpoint": this.#options.name, ...answer.headers });
    const text = Buffer.from(grpc ? "" : (answer.body ?? JSON.stringify(heard)));
    if (answer.trailers === undefined) fields.add("content-length", String(text.length));
    stream.sendHead(
      { status: answer.status ?? 200, version: request.version, headers: fields },
      false,
    );
    if (text.length > 0) stream.sendBytes(text, 0, text.length);
    stream.sendEnd(answer.trailers && listOf(answer.trailers));
  }
}

/** Gives all bytes so far to `look`, each time there are more, until another handler has the stream. */
export function firstBytes(stream: ByteStream, look: (bytes: Uint8Array) => void): void {
  let bytes = new Uint8Array(0);
  stream.handler = {
    ...silent,
    onData: (chunk) => {
      bytes = new Uint8Array(Buffer.concat([bytes, chunk]));
      look(bytes);
    },
  };
}
