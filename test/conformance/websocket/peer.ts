/** WebSocket peers: the npm package `ws` on both sides, and Bun's own server and client. */

import { createServer } from "node:http";
import { dirname } from "node:path";
import type * as Ws from "ws";

/** Bun puts an implementation of its own in the place of `ws`, but not where the file is named. */
const path: string = `${dirname(Bun.resolveSync("ws/package.json", import.meta.dir))}/wrapper.mjs`;
const ws = (await import(path)) as typeof Ws;

/** The client of `ws` itself. */
export const WebSocketClient: typeof Ws.WebSocket = ws.WebSocket;

/** A server that listens on loopback. */
export interface EchoServer {
  readonly port: number;
  stop(): void;
}

/** What an echo server does beside echoing, by path. */
const CLOSE_PATH = /^\/close\/(\d+)\/(.*)$/;

/**
 * Echoes every message as it came. `/close/CODE/REASON` closes at once, `/first` speaks first, `/terminate` drops the
 * connection without a close frame, `/refuse` answers 401; `/protocol` picks the last subprotocol that was offered.
 */
export async function startWsServer(): Promise<EchoServer> {
  const http = createServer();
  const server = new ws.WebSocketServer({
    noServer: true,
    perMessageDeflate: { threshold: 0 },
    maxPayload: 64 * 1024 * 1024,
    handleProtocols: (offered) => [...offered].at(-1) ?? false,
  });
  http.on("upgrade", (request, socket, head) => {
    if (request.url === "/refuse") {
      socket.end(
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\nConnection: close\r\n\r\nnot so",
      );
      return;
    }
    server.handleUpgrade(request, socket, head, (client) => serve(client, request.url ?? "/"));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = http.address();
  if (address === null || typeof address === "string") throw new Error("Cannot listen: no port");
  const stop = (): void => {
    for (const client of server.clients) client.terminate();
    http.close();
  };
  return { port: address.port, stop };
}

function serve(client: Ws.WebSocket, url: string): void {
  const [, code, reason = ""] = CLOSE_PATH.exec(url) ?? [];
  client.on("error", () => undefined);
  client.on("message", (data, binary) => client.send(data, { binary }));
  if (code !== undefined) client.close(Number(code), decodeURIComponent(reason));
  if (url === "/first") client.send("server speaks first");
  if (url === "/terminate") client.terminate();
}

/** Bun's own server, which echoes. */
export function startBunServer(): EchoServer {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, host): Response | undefined =>
      host.upgrade(request) ? undefined : new Response("no upgrade", { status: 400 }),
    websocket: {
      perMessageDeflate: true,
      maxPayloadLength: 64 * 1024 * 1024,
      message: (socket, message) => void socket.send(message),
    },
  });
  return { port: server.port ?? 0, stop: () => void server.stop(true) };
}
