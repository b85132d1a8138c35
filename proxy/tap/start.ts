/** Starts the tap server: over mTLS, for the one identity that may look (P55). */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import { createGrpcHandler } from "#lib/grpc/server.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import type { ServerConnection, ServerHandler } from "#lib/http-io/exchange.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { acceptTls } from "#lib/net/tls.ts";
import { readClientHello } from "#lib/tls/client-hello.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import { FirstBytes } from "../transport/first-bytes.ts";
import { openWithoutIpv6 } from "../transport/listeners.ts";
import type { Runtime } from "../transport/runtime.ts";
import { OBSERVE, observeHandler } from "./observe.ts";
import type { Taps } from "./taps.ts";

/** What it needs. */
export interface TapParts {
  readonly runtime: Pick<Runtime, "clock" | "log" | "credentials" | "onFault">;
  readonly taps: Taps;
  /** Our own identity, as clients name it in SNI. */
  readonly localName: string;
  /** Who may look. */
  readonly clientName: string;
  readonly serverHttp2: DirectionConfig["serverHttp2"];
}

/** So long a client has to begin its handshake. */
const HELLO_LIMIT_MS = 1000;

/** Opens it; the port, and how it ends. Throws where the address cannot be had. */
export function startTap(
  addr: SocketAddr,
  parts: TapParts,
): { readonly port: number; readonly stop: () => void } {
  const { log, onFault } = parts.runtime;
  const server = new TapServer(parts);
  const open = (at: SocketAddr): Listener => listen(at, (stream) => server.accept(stream), onFault);
  const listener = openWithoutIpv6(addr, { open, log });
  const stop = (): void => {
    listener.stop();
    server.stop();
  };
  return { port: listener.port, stop };
}

class TapServer {
  readonly #parts: TapParts;
  readonly #connections = new Set<ServerConnection>();
  readonly #allowed: ServerHandler;
  readonly #refused: ServerHandler;

  constructor(parts: TapParts) {
    this.#parts = parts;
    const { clock, onFault } = parts.runtime;
    const how = { clock, onFault };
    this.#allowed = createGrpcHandler(new Map([[OBSERVE, observeHandler(parts.taps)]]), how);
    const refuse = new Map([
      [
        OBSERVE,
        (call: { end(code: number, message: string): void }) =>
          call.end(GrpcCode.UNAUTHENTICATED, "tap is for another identity"),
      ] as const,
    ]);
    this.#refused = createGrpcHandler(refuse, how);
  }

  accept(stream: TcpStream): void {
    const { clock } = this.#parts.runtime;
    const look = (bytes: Uint8Array): boolean => readClientHello(bytes).type !== "incomplete";
    const how = { clock, timeoutMs: HELLO_LIMIT_MS, look, initial: new Uint8Array(0) };
    new FirstBytes(stream, how, {
      onDecided: (bytes) => this.#begin(stream, bytes),
      onUndecided: () => stream.destroy(),
      onClosed: () => undefined,
    });
  }

  stop(): void {
    for (const connection of [...this.#connections]) connection.destroy();
  }

  #begin(stream: TcpStream, bytes: Uint8Array): void {
    const { localName, clientName, runtime } = this.#parts;
    const hello = readClientHello(bytes);
    const credentials = runtime.credentials.current;
    if (hello.type !== "tls") {
      this.#serve(stream, bytes, this.#refused);
      return;
    }
    if (hello.sni !== localName || credentials === undefined) {
      stream.destroy();
      return;
    }
    const { clock, onFault } = runtime;
    acceptTls(
      stream,
      { initial: new Uint8Array(bytes), credentials, alpn: [], onFault, clock },
      {
        onSession: ({ stream: secure, peerName: name }) => {
          if (name !== clientName) runtime.log.info("Refused to be tapped", { client: name ?? "" });
          this.#serve(
            secure,
            new Uint8Array(0),
            name === clientName ? this.#allowed : this.#refused,
          );
        },
        onFailed: (error) => runtime.log.info("Refused a tap client", { reason: error.code }),
      },
    );
  }

  #serve(stream: TcpStream, bytes: Uint8Array, handler: ServerHandler): void {
    const { runtime, serverHttp2 } = this.#parts;
    const { clock } = runtime;
    const connection = serveHttp2(
      stream,
      {
        onRequest: (request) => handler.onRequest(request),
        onConnectionClose: () => {
          this.#connections.delete(connection);
        },
      },
      { now: () => clock.now(), clock, ...serverHttp2 },
    );
    this.#connections.add(connection);
    if (bytes.length > 0) connection.onData(bytes);
  }
}
