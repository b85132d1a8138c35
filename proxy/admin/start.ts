/** Starts the admin port: plaintext and mTLS, under the policy of its port (P48, ADMIN9). */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { ServerConnection, ServerStream } from "#lib/http-io/exchange.ts";
import { createSimpleHandler } from "#lib/http-io/simple.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import type { InboundSide } from "../inbound/start.ts";
import { drainConnections } from "../transport/draining.ts";
import { openWithoutIpv6 } from "../transport/listeners.ts";
import type { Runtime } from "../transport/runtime.ts";
import { type AdminSource, answerAdmin } from "./server.ts";

/** So long a client of a port that ends may take to read its answer; who follows the log is cut off then. */
const ANSWER_LIMIT_MS = 1000;

/** What it needs. */
export interface AdminParts {
  readonly runtime: Pick<Runtime, "clock" | "log" | "onFault">;
  readonly inbound: Pick<InboundSide, "serveLocal">;
  readonly source: AdminSource;
}

/** A port that is open. */
export interface AdminPort {
  readonly port: number;
  /** Nobody is answered any longer but who asks just now, such as for the end; resolves when these are, or a second later. */
  stop(): Promise<void>;
}

/** Opens it. Throws where the address cannot be had. */
export function startAdmin(addr: SocketAddr, { runtime, inbound, source }: AdminParts): AdminPort {
  const { clock, log, onFault } = runtime;
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
    stop: async () => {
      listener.stop();
      const nobody = { size: 0 };
      await drainConnections(connections, { clock, graceMs: ANSWER_LIMIT_MS, relays: nobody });
      for (const connection of [...connections]) connection.destroy();
    },
  };
}
