/** Connects to an endpoint: mTLS where it has an identity, with the transport header on the direct path (WIRE1 to WIRE8). */

import {
  ConnectError,
  type ConnectObserver,
  type ConnectOptions,
  connectTcp,
} from "#lib/net/connect.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { connectTls, type TlsCredentials } from "#lib/net/tls.ts";
import type { Endpoint } from "../policy/client-policy.ts";
import { encodeTransportHeader, TRANSPORT_ALPN, type TransportHeader } from "./header.ts";

/** Holds the credentials of the moment. */
export interface CredentialSource {
  readonly current: TlsCredentials | undefined;
}

/** How to connect. */
export interface OriginateOptions extends Omit<ConnectOptions, "ip" | "port" | "local"> {
  readonly credentials: CredentialSource;
  /** The endpoint is in this very pod: no TLS. */
  readonly inPod: boolean;
  readonly session: TransportHeader["sessionProtocol"];
}

/** Opens a connection to the endpoint and reports once; a header that is due has been written by then. */
export function originate(
  endpoint: Endpoint,
  options: OriginateOptions,
  observer: ConnectObserver,
): void {
  const { identity, addr, directPort, authority } = endpoint;
  if (identity === undefined || options.inPod) {
    connectTcp(connectOptions(options, addr.ip, addr.port), observer);
    return;
  }
  const credentials = options.credentials.current;
  if (credentials === undefined) {
    const message = `Cannot connect to ${addr.ip}:${addr.port}: no certificate yet`;
    observer.onFailed(new ConnectError(message, { code: "tls" }));
    return;
  }
  const alpn = directPort === undefined && authority === undefined ? [] : [TRANSPORT_ALPN];
  connectTls(
    {
      ...connectOptions(options, addr.ip, directPort ?? addr.port),
      credentials,
      serverName: identity.serverName,
      identity: identity.name,
      alpn,
    },
    {
      onConnected: (session) => {
        if (session.alpn === TRANSPORT_ALPN) writeHeader(session.stream, endpoint, options.session);
        observer.onConnected(session.stream);
      },
      onFailed: (error) => observer.onFailed(error),
    },
  );
}

function writeHeader(
  stream: TcpStream,
  endpoint: Endpoint,
  session: TransportHeader["sessionProtocol"],
): void {
  const { addr, authority, hint } = endpoint;
  const sessionProtocol = hint === "opaque" ? undefined : session;
  const { port, host: name } = authority ?? { port: addr.port, host: "" };
  stream.write(encodeTransportHeader({ port, name, sessionProtocol }));
}

function connectOptions(
  { timeoutMs, clock, onFault }: OriginateOptions,
  ip: string,
  port: number,
): ConnectOptions {
  return { ip, port, timeoutMs, clock, onFault };
}
