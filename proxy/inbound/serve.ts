/** Serves the requests of a connection to this workload. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { ServerStream } from "#lib/http-io/exchange.ts";
import { serveHttp1 } from "#lib/http-io/http1-server.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { joinedSources } from "#lib/http-io/joined.ts";
import type { Http1Error } from "#lib/http1/http1-error.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { Forwarded } from "../http/forwarded.ts";
import { recordRefusal } from "../http/refusal.ts";
import type { ClientTls } from "../policy/authorization.ts";
import type { InboundAcceptOptions } from "./accept-options.ts";
import type { GatewaySession } from "./gateway.ts";
import type { PortPolicy } from "./ports.ts";
import { InboundDirection } from "./stack.ts";

/** Who connected, and to what. */
export interface Served {
  readonly target: SocketAddr;
  /** Who the application is shown. */
  readonly caller: SocketAddr | undefined;
  readonly port: PortPolicy;
  readonly tls: ClientTls;
  /** Where its requests go on, where that is not the application. */
  readonly session: GatewaySession | undefined;
}

/** Serves a connection, whose first bytes were read already. */
export function serveInbound(
  stream: TcpStream,
  first: {
    readonly protocol: "http1" | "http2";
    readonly bytes: Uint8Array;
    /** The client has ended its side. */
    readonly ended: boolean;
  },
  { target, caller, port, tls, session, ...options }: InboundAcceptOptions & Served,
): void {
  const { applications, connections, listening, local, runtime } = options;
  const { clock } = runtime;
  const pools =
    session?.pools ??
    (local && joinedSources((request) => local(request, stream.remoteAddress))) ??
    (caller === undefined ? applications.shared(target) : applications.forCaller(target, caller));
  const direction = new InboundDirection(runtime, {
    caller: { ip: stream.remoteAddress, tls },
    callerPort: stream.remotePort,
    access: options.access,
    inFlight: options.inFlight,
    counts: local === undefined ? options.counts : undefined,
    profiles: local === undefined ? options.profiles : undefined,
    lookers: local === undefined ? options.lookers : undefined,
    ...{ target, port, pools, gateway: session },
  });
  const tracer = local === undefined ? options.lookers.tracer : undefined;
  const handler = {
    onRequest: (request: ServerStream): void => {
      const traced = tracer === undefined ? request : tracer.serve(request);
      new Forwarded(traced, direction, port.current).begin();
      if (!port.isFollowed) connection.drain();
    },
    onRefused: (error: Http1Error): void =>
      recordRefusal(runtime, error, { direction: "inbound", client: stream.remoteAddress }),
    onConnectionClose: (): void => {
      connections.delete(connection);
      port.users.delete(connection);
      listening.delete(target.port, connection);
      direction.close();
      session?.close();
      if (caller === undefined) return;
      pools.http1.drain();
      pools.http2.drain();
    },
  };
  const connection =
    first.protocol === "http2"
      ? serveHttp2(stream, handler, { now: () => clock.now(), clock, ...options.serverHttp2 })
      : serveHttp1(stream, handler, { clock });
  connections.add(connection);
  port.users.add(connection);
  // A proxy is told of a request that was not delivered, and goes elsewhere.
  if (tls.type !== "identity" && local === undefined) listening.add(target.port, connection);
  if (first.bytes.length > 0) connection.onData(first.bytes);
  if (first.ended) connection.onEnd();
}
