/** Whether somebody listens on a port of this network namespace, as the kernel tells. */

import { closeSync, openSync, readSync } from "node:fs";
import { SysError } from "./libc.ts";
import { type Listener, listenersByNetlink } from "./sock-diag.ts";

const FOLDER = "/proc/self/net";
/** Both families, as netlink is asked for both. */
const TABLES = ["tcp", "tcp6"];
const CHUNK_BYTES = 4096;
const LISTEN = "0A";
/** A row: its number, the own address and port, the peer's, the state (proc(5), hexadecimal), queues, timers, the uid. */
const ROW =
  /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) [0-9A-F:]+ [0-9A-F:]+ [0-9A-F]+ +(\d+)/gm;

/** What a kernel without netlink's diagnosis says, or one that forbids it: it would say so again. */
const LACKING: ReadonlySet<string> = new Set([
  ...["ENOENT", "EPROTONOSUPPORT", "EAFNOSUPPORT", "EOPNOTSUPP", "ENOSYS", "EPERM", "EACCES"],
]);

/** Where it is learned who listens. */
export interface ListenersPlace {
  /** Those on a port, at least, or all; throws where it is not told. */
  readonly ask?: (port?: number) => Iterable<Listener>;
  /** Where the kernel's tables are, which are read where `ask` throws. */
  readonly folder?: string;
}

/** Who listens: by netlink, and from the tables where that is not to be had. */
export class Listeners {
  readonly #ask: (port?: number) => Iterable<Listener>;
  readonly #folder: string;
  #isLacking = false;

  constructor({ ask = listenersByNetlink, folder = FOLDER }: ListenersPlace = {}) {
    this.#ask = ask;
    this.#folder = folder;
  }

  /** Those on a port, and maybe others; all where none is named. Throws, or its iterator does, where it is not told. */
  on(port?: number): Iterable<Listener> {
    if (!this.#isLacking)
      try {
        return this.#ask(port);
      } catch (error) {
        // Each question may have the kernel look for a module that is not there, which takes long.
        this.#isLacking = error instanceof SysError && LACKING.has(error.code);
      }
    return inTables(this.#folder);
  }
}

const KERNEL = new Listeners();

/** A question to the kernel. */
interface Question {
  /** The user who is to listen; anybody may where none is named. */
  readonly uid?: number;
  /** The answer where the kernel does not tell: true unless said otherwise. */
  readonly untold?: boolean;
  readonly listeners?: Listeners;
}

/**
 * Whether somebody listens on a port, on any address. That takes tens of microseconds; milliseconds where the tables
 * are read, as the kernel then walks through the connections of the whole node.
 */
export function isListenedOn(
  port: number,
  { uid, untold = true, listeners = KERNEL }: Question = {},
): boolean {
  try {
    for (const each of listeners.on(port))
      if (each.port === port && (uid === undefined || each.uid === uid)) return true;
    return false;
  } catch {
    return untold;
  }
}

/** All ports that somebody listens on, by one question; undefined where the kernel does not tell. */
export function listenedPorts(listeners: Listeners = KERNEL): ReadonlySet<number> | undefined {
  try {
    return new Set(Array.from(listeners.on(), ({ port }) => port));
  } catch {
    return undefined;
  }
}

/** Who listens by some rows of a table; `isLast` where others follow: those who listen stand first. */
export function listenersIn(rows: string): { found: Listener[]; isLast: boolean } {
  const found: Listener[] = [];
  for (const [, port = "", state, uid] of rows.matchAll(ROW)) {
    if (state !== LISTEN) return { found, isLast: true };
    found.push({ port: Number.parseInt(port, 16), uid: Number(uid) });
  }
  return { found, isLast: false };
}

/** Who is looked for may be found before all is read. */
function* inTables(folder: string): Generator<Listener> {
  let isTold = false;
  for (const table of TABLES) {
    const file = openIfThere(`${folder}/${table}`);
    // A kernel without IPv6 has no table of it, and nobody listens there; one without any table does not tell.
    if (file === undefined) continue;
    yield* inTable(file);
    isTold = true;
  }
  if (!isTold) throw new Error(`Cannot tell who listens: ${folder} has no table`);
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
function* inTable(file: number): Generator<Listener> {
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const length = readSync(file, chunk, 0, CHUNK_BYTES, null);
      if (length === 0) return;
      const { found, isLast } = listenersIn(chunk.toString("latin1", 0, length));
      yield* found;
      if (isLast) return;
    }
  } finally {
    closeSync(file);
  }
}
