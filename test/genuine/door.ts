/** A port of a control plane: TLS under its identity, HTTP/2 within, and an eye on what a genuine proxy does not do. */

import type { ServerHandler } from "#lib/http-io/exchange.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { acceptTls, type TlsCredentials } from "#lib/net/tls.ts";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { readClientHello } from "#lib/tls/client-hello.ts";
import { firstBytes } from "./endpoint.ts";

/** What the port is. */
export interface Door {
  readonly identity: string;
  readonly credentials: TlsCredentials;
  /** Who its callers must show to be; empty where they need not. */
  readonly client: string;
  readonly handler: ServerHandler;
  readonly onViolation: (what: string) => void;
}

const onFault = (error: Error): void => {
  throw error;
};

/** Takes a connection (proxy-api.md section 1): TLS, the identity as SNI, no ALPN, the caller's certificate where it has one. */
export function takeAtDoor(stream: TcpStream, door: Door): void {
  const { identity, credentials, client, handler, onViolation } = door;
  firstBytes(stream, (bytes) => {
    const hello = readClientHello(bytes);
    if (hello.type === "incomplete") return;
    if (hello.type === "not-tls") {
      onViolation("a connection without TLS");
      stream.destroy();
      return;
    }
    if (hello.sni !== identity) onViolation(`SNI is ${hello.sni}`);
    if (hello.alpn.length > 0) onViolation(`ALPN is offered: ${hello.alpn.join()}`);
    acceptTls(
      stream,
      { initial: new Uint8Array(bytes), credentials, alpn: [], onFault, clock },
      {
        onSession: ({ stream: secure, peerName }) => {
          if (client !== "" && peerName !== client) onViolation(`the client is ${peerName}`);
          serveHttp2(secure, handler, { now: () => performance.now() });
        },
        onFailed: (error) => onViolation(error.message),
      },
    );
  });
}
