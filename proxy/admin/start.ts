/** Starts the admin port: plaintext and mTLS, under the policy of its port (P48, ADMIN9). */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { ServerConnection, ServerStream } from "#lib/http-io/exchange.ts";
import { createSimpleHandler } from "#lib/http-io/simple.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { InboundSide } from "../inbound/start.ts";
import { openWithoutIpv6 } from "../transport/listeners.ts";
import type { Runtime } from "../transport/runtime.ts";
import { type AdminSource, answerAdmin } from "./server.ts";

/** What it needs. */
export interface AdminParts {
  readonly runtime: Pick<Runtime, "log" | "onFault">;
  readonly inbound: Pick<InboundSide, "serveLocal">;
  readonly source: AdminSource;
}

/** A port that is open. */
export interface AdminPort {
  readonly port: number;
  stop(): void;
}

/** Opens it. Throws where the address cannot be had. */
export function startAdmin(addr: SocketAddr, { runtime, inbound, source }: AdminParts): AdminPort {
  const { log, onFault } = runtime;
  const connections = new Set<ServerConnection>();
  const local = (request: ServerStream, clientIp: string): void =>
    createSimpleHandler((asked) => {
      const { head, path, body } = asked;
      const [respond, stream] = [asked.respond.bind(asked), asked.stream.bind(asked)];
      answerAdmin({ head, path, body, respond, stream, clientIp }, source);
    }).onRequest(request);
  const open = ({ ip, port }: SocketAddr): Listener => {
    const listener = listen(
      { ip, port },
      (stream) => inbound.serveLocal(stream, { listenPort: listener.port, connections, local }),
      onFault,
    );
    return listener;
  };
  const listener = openWithoutIpv6(addr, { open, log });
  return {
    port: listener.port,
    stop: () => {
      listener.stop();
      // Who asked for the end still gets an answer.
      for (const connection of [...connections]) connection.drain();
    },
  };
}
