/** Bytes that are no HTTP, on to the application: who may connect, and may go on. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { authorize, type ClientTls } from "../policy/authorization.ts";
import { clientTlsLabels, policyLabels, serverLabels, targetLabels } from "../telemetry/labels.ts";
import { Relay } from "../transport/relay.ts";
import type { Runtime } from "../transport/runtime.ts";
import type { Applications } from "./forward.ts";
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
  /** The connection is let in. */
  readonly onAllowed: () => void;
  /** The application does not take it. */
  readonly onFailed: () => void;
}

/** Forwards a connection, whose first bytes were read already, or ends it. */
export function forwardOpaque(client: TcpStream, initial: Uint8Array, to: OpaqueForward): void {
  const { runtime, applications, target, caller, port } = to;
  const authorization = authorize(port.current, { ip: client.remoteAddress, tls: to.tls });
  if (authorization === undefined) {
    runtime.errors.tcpDeny.with(labelsOf(to)).increment();
    client.destroy();
    return;
  }
  const authz = policyLabels("authz", authorization.labels);
  runtime.errors.tcpAllow.with({ ...labelsOf(to), ...authz }).increment();
  to.onAllowed();
  const first = new Uint8Array(initial);
  client.pause();
  applications.connect(target, caller, {
    onConnected: (upstream) => {
      if (client.isClosed) {
        upstream.destroy();
        return;
      }
      new Relay(client, upstream, endOnDenial(client, upstream, to));
      if (first.length > 0) upstream.write(first);
      client.resume();
    },
    onFailed: to.onFailed,
  });
}

/** Ends a connection that a new policy does not allow (P46); the result stops looking. */
function endOnDenial(client: TcpStream, upstream: TcpStream, to: OpaqueForward): () => void {
  const { port, runtime } = to;
  const caller = { ip: client.remoteAddress, tls: to.tls };
  const look = (): void => {
    if (authorize(port.current, caller) !== undefined) return;
    port.followers.delete(look);
    runtime.errors.tcpTerminate.with(labelsOf(to)).increment();
    client.destroy();
    upstream.destroy();
  };
  port.followers.add(look);
  // It may have changed while the application was dialled.
  look();
  return () => void port.followers.delete(look);
}

const labelsOf = ({ target, tls, port }: OpaqueForward): Labels => ({
  ...targetLabels(target),
  ...clientTlsLabels(tls),
  ...serverLabels(port.current.labels, port.port),
});
