/** Serves the requests of a connection of the application. */

import type { ServerConnection, ServerStream } from "#lib/http-io/exchange.ts";
import { serveHttp1 } from "#lib/http-io/http1-server.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import type { Http1Error } from "#lib/http1/http1-error.ts";
import type { StreamMeter, TcpStream } from "#lib/net/tcp-stream.ts";
import { recordRefusal } from "../http/refusal.ts";
import type { TcpScope } from "../telemetry/tcp-metrics.ts";
import type { Tracer } from "../tracing/tracer.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import type { Runtime } from "../transport/runtime.ts";

/** What serving needs. */
export interface ServeOptions {
  readonly runtime: Runtime;
  readonly serverHttp2: DirectionConfig["serverHttp2"];
  /** Connections that are served, so that they can be drained. */
  readonly connections: Set<ServerConnection>;
  readonly tracer: Tracer | undefined;
}

/** What a connection brought before it was known what it speaks. */
export interface FirstRead {
  readonly protocol: "http1" | "http2";
  readonly bytes: Uint8Array;
  /** The client has ended its side. */
  readonly ended: boolean;
}

/** Serves a connection, whose first bytes were read already. */
export function serveOutbound(
  stream: TcpStream,
  { protocol, bytes, ended }: FirstRead,
  {
    runtime,
    serverHttp2,
    connections,
    tracer,
    onRequest,
  }: ServeOptions & {
    readonly onRequest: (request: ServerStream) => void;
  },
): void {
  const { clock } = runtime;
  const handler = {
    onRequest:
      tracer === undefined
        ? onRequest
        : (request: ServerStream): void => onRequest(tracer.serve(request)),
    onRefused: (error: Http1Error): void =>
      recordRefusal(runtime, error, { direction: "outbound", client: stream.remoteAddress }),
    onConnectionClose: (): void => {
      connections.delete(connection);
    },
  };
  const connection =
    protocol === "http2"
      ? serveHttp2(stream, handler, { now: () => clock.now(), clock, ...serverHttp2 })
      : serveHttp1(stream, handler, { clock });
  connections.add(connection);
  connection.onData(bytes);
  if (ended) connection.onEnd();
}

/** Counts a connection that the application has made, and tells of its end. */
export function meterClient(stream: TcpStream, scope: TcpScope, onClosed: () => void): void {
  scope.opened();
  stream.meter = new ClientMeter(scope, onClosed);
}

class ClientMeter implements StreamMeter {
  readonly #scope: TcpScope;
  readonly #onClosed: () => void;

  constructor(scope: TcpScope, onClosed: () => void) {
    this.#scope = scope;
    this.#onClosed = onClosed;
  }

  read(bytes: number): void {
    this.#scope.read(bytes);
  }

  wrote(bytes: number): void {
    this.#scope.wrote(bytes);
  }

  closed(errno: string): void {
    this.#scope.closed(errno);
    this.#onClosed();
  }
}
