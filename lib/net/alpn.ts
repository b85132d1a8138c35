/** The protocol that a handshake agrees on (RFC 7301), as Bun's own sockets take and tell it. */

import type { BunSocket } from "./tcp-stream.ts";

/** ALPN names in wire format, the only one that Bun's own sockets take (RFC 7301 §3.1). */
export function alpnWire(names: readonly string[]): Uint8Array {
  return Buffer.concat(names.map((name) => Buffer.from([name.length, ...Buffer.from(name)])));
}

/** What was agreed on; undefined where nothing was. */
export function alpnOf(socket: BunSocket): string | undefined {
  const chosen = socket.alpnProtocol;
  return typeof chosen === "string" && chosen !== "" ? chosen : undefined;
}
