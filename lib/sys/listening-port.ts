/** Whether somebody listens on a port of this network namespace, as the kernel tells. */

import { closeSync, openSync, readSync } from "node:fs";

const FOLDER = "/proc/self/net";
/** Both families: who listens on all IPv6 addresses mostly takes IPv4 connections too. */
const TABLES = ["tcp", "tcp6"];
const CHUNK_BYTES = 4096;
const LISTEN = "0A";
/** A row: its number, the own address and port, the peer's, the state (proc(5), hexadecimal), queues, timers, the uid. */
const ROW =
  /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) [0-9A-F:]+ [0-9A-F:]+ [0-9A-F]+ +(\d+)/gm;

/** Who listens: of one user, or anybody. */
interface Whose {
  readonly uid?: number;
}

/** A question to the kernel. */
interface Question extends Whose {
  /** The answer where the kernel does not tell: true unless said otherwise. */
  readonly untold?: boolean;
  /** Where the kernel's tables are. */
  readonly folder?: string;
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
 * Whether somebody listens on a port, on any address. It reads no further than those who listen: a few microseconds
 * where somebody does, else up to milliseconds, in which the kernel walks through the connections of the whole node.
 */
export function isListenedOn(
  port: number,
  { untold = true, folder = FOLDER, ...whose }: Question = {},
): boolean {
  try {
    let isTold = false;
    for (const table of TABLES) {
      const file = openIfThere(`${folder}/${table}`);
      // A kernel without IPv6 has no table of it, and nobody listens there; one without any table does not tell.
      if (file === undefined) continue;
      if (tells(file, port, whose)) return true;
      isTold = true;
    }
    return isTold ? false : untold;
  } catch {
    return untold;
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as { readonly code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The kernel gives whole rows to each read. Closes the file. */
function tells(file: number, port: number, whose: Whose): boolean {
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
