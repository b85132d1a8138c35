/** Bytes that are no HTTP, on to the application: who may connect, and may go on. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { authorizeBytes, type Caller, type ClientTls, isAudit } from "../policy/authorization.ts";
import { clientTlsLabels, policyLabels, serverLabels, targetLabels } from "../telemetry/labels.ts";
import type { Runtime } from "../transport/runtime.ts";
import { sayOfConnection } from "./authorization-log.ts";
import type { Applications } from "./forward.ts";
import type { GatewayObserver, GatewaySession } from "./gateway.ts";
import type { PortPolicy } from "./ports.ts";

/** Where to, and by whom. */
export interface OpaqueForward {
  readonly runtime: Runtime;
  readonly applications: Applications;
  readonly target: SocketAddr;
  /** Who the application is shown. */
  readonly caller: SocketAddr | undefined;
  readonly port: PortPolicy;
  readonly tls: ClientTls;
  /** Where it goes on, where that is not the application. */
  readonly session: GatewaySession | undefined;
  /** The client has ended its side. */
  readonly ended: boolean;
  /** The connection is let in. */
  readonly onAllowed: () => void;
  /** Nobody takes it, by the word that metrics have for why. */
  readonly onFailed: (error: string) => void;
}

/** Forwards a connection, whose first bytes were read already, or ends it. */
export function forwardOpaque(client: TcpStream, initial: Uint8Array, to: OpaqueForward): void {
  const { runtime, port } = to;
  const caller = { ip: client.remoteAddress, tls: to.tls };
  const authorization = authorizeBytes(port.current, caller);
  if (authorization === undefined) {
    runtime.errors.tcpDeny.with(labelsOf(to)).increment();
    sayOfConnection(runtime, "Connection denied", { caller, port });
    client.destroy();
    return;
  }
  const authz = policyLabels("authz", authorization.labels);
  runtime.errors.tcpAllow.with({ ...labelsOf(to), ...authz }).increment();
  if (isAudit(authorization))
    sayOfConnection(runtime, "Connection allowed by audit", { caller, port });
  to.onAllowed();
  const first = new Uint8Array(initial);
  client.pause();
  const arrived = runtime.relays.dialling();
  connect(to, {
    get isWanted() {
      return !client.isClosed;
    },
    onConnected: (upstream, onOver) => {
      arrived();
      if (client.isClosed) {
        onOver();
        upstream.destroy();
        return;
      }
      const look = endOnDenial({ client, upstream, caller }, to);
      port.followers.add(look);
      runtime.relays.join(client, upstream, () => {
        port.followers.delete(look);
        onOver();
      });
      // It may have changed while the application was dialled.
      look();
      if (first.length > 0) upstream.write(first);
      if (to.ended) upstream.end();
      client.resume();
    },
    onRefused: (error) => {
      arrived();
      if (!client.isClosed) to.onFailed(error);
    },
  });
}

/** To the application, or on from a gateway. */
function connect(
  { applications, target, caller, session }: OpaqueForward,
  observer: GatewayObserver,
): void {
  if (session !== undefined) session.connect(observer);
  else
    applications.connect(target, caller, {
      onConnected: (upstream) => observer.onConnected(upstream, () => undefined),
      onFailed: () => observer.onRefused("i/o"),
    });
}

/** What ends a connection that a new policy does not allow (P46). */
function endOnDenial(
  { client, upstream, caller }: Record<"client" | "upstream", TcpStream> & { caller: Caller },
  to: OpaqueForward,
): () => void {
  const { port, runtime } = to;
  const look = (): void => {
    if (authorizeBytes(port.current, caller) !== undefined) return;
    port.followers.delete(look);
    runtime.errors.tcpTerminate.with(labelsOf(to)).increment();
    sayOfConnection(runtime, "Connection terminated due to policy change", { caller, port });
    client.destroy();
    upstream.destroy();
  };
  return look;
}

const labelsOf = ({ target, tls, port }: OpaqueForward): Labels => ({
  ...targetLabels(target),
  ...clientTlsLabels(tls),
  ...serverLabels(port.current.labels, port.port),
});
