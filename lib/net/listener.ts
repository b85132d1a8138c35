/** TCP and Unix listeners whose connections are ByteStreams. */

import { chmodSync } from "node:fs";
import { setBacklog } from "#lib/sys/libc.ts";
import { takeInTurn } from "./opening-turns.ts";
import { type BunSocket, type FaultObserver, socketHandlers, TcpStream } from "./tcp-stream.ts";

/**
 * Where to listen. `::` with `ipv6Only` stands beside `0.0.0.0` on one port; so many connections may wait to be
 * accepted as `backlog` says, or as the runtime has it; `mode` is that of the socket's file.
 */
export type ListenAddress =
  | {
      readonly ip: string;
      readonly port: number;
      readonly ipv6Only?: boolean;
      readonly backlog?: number | undefined;
    }
  | { readonly unix: string; readonly mode?: number };

/** A listener that can be stopped; connections already accepted live on. */
export interface Listener {
  /** The port in use; of interest where 0 was asked for. 0 for a Unix socket. */
  readonly port: number;
  stop(): void;
}

/** Nobody knows of it yet. */
const onGone = (): void => undefined;

/** Listens and calls `onConnection` for each connection, a few a turn. Throws where the address is taken or not local. */
export function listen(
  address: ListenAddress,
  onConnection: (stream: TcpStream) => void,
  onFault: FaultObserver,
): Listener {
  const socket = {
    ...socketHandlers(onFault),
    open: (opened: BunSocket): void => {
      const stream = new TcpStream(opened);
      opened.data = stream;
      takeInTurn(stream, { begin: () => onConnection(stream), onGone, onFault });
    },
  };
  const where =
    "unix" in address
      ? { unix: address.unix }
      : { hostname: address.ip, port: address.port, ipv6Only: address.ipv6Only === true };
  const options = { ...where, allowHalfOpen: true, socket };
  const server = Bun.listen(options as unknown as Parameters<typeof Bun.listen>[0]);
  const { fd } = server as unknown as { readonly fd: number };
  if ("ip" in address && address.backlog !== undefined) setBacklog(fd, address.backlog);
  if ("unix" in address && address.mode !== undefined) chmodSync(address.unix, address.mode);
  return {
    port: "unix" in address ? 0 : (server as unknown as { readonly port: number }).port,
    stop: () => server.stop(),
  };
}
