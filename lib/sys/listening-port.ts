/** Whether somebody listens on a port of this network namespace, as the kernel tells. */

import { closeSync, openSync, readSync } from "node:fs";

/** Both families: who listens on all IPv6 addresses mostly takes IPv4 connections too. */
const TABLES = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
const CHUNK_BYTES = 4096;
const LISTEN = "0A";
/** A row: its number, the own address and port, the peer's, the state (proc(5), hexadecimal), queues, timers, the uid. */
const ROW =
  /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) [0-9A-F:]+ [0-9A-F:]+ [0-9A-F]+ +(\d+)/gm;

/** Who listens: of one user, or anybody. */
interface Whose {
  readonly uid?: number;
}

/** What rows of such a table say of a port: `no` where those who listen, who stand first, are all told. */
export function findListener(
  rows: string,
  port: number,
  { uid }: Whose = {},
): "yes" | "no" | "unknown" {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  for (const [, own, state, owner] of rows.matchAll(ROW)) {
    if (state !== LISTEN) return "no";
    if (own === wanted && (uid === undefined || Number(owner) === uid)) return "yes";
  }
  return "unknown";
}

/**
 * Whether somebody listens on a port, on any address. It reads no further than those who listen, a few microseconds
 * however many connections there are. True where the kernel does not tell.
 */
export function isListenedOn(port: number, whose: Whose = {}): boolean {
  try {
    return TABLES.some((table) => tells(table, port, whose));
  } catch {
    return true;
  }
}

/** The kernel gives whole rows to each read. */
function tells(table: string, port: number, whose: Whose): boolean {
  const file = openSync(table, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const length = readSync(file, chunk, 0, CHUNK_BYTES, null);
      if (length === 0) return false;
      const found = findListener(chunk.toString("latin1", 0, length), port, whose);
      if (found !== "unknown") return found === "yes";
    }
  } finally {
    closeSync(file);
  }
}
