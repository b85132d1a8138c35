/** Reads the events of a Kubernetes watch: JSON objects a line each, in chunks of any size. */

/** One event of a watch; `object` is JSON whose kind the caller asked for. */
export type WatchEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: unknown }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string }
  /** The version to resume from is gone (410): list anew. */
  | { readonly type: "EXPIRED" }
  | { readonly type: "ERROR"; readonly status: number; readonly message: string };

/** A line of a watch that is too long or no event. */
export class WatchError extends Error {
  override readonly name = "WatchError";
  readonly code: "line-too-long" | "not-an-event";

  constructor(code: WatchError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** Bytes of one event at most: etcd's limit of an object with room for managed fields. */
export const WATCH_LINE_LIMIT: number = 4 * 1024 * 1024;

const LINE_FEED = 0x0a;
const GONE = 410;

/** Cuts chunks into lines and lines into events; it holds at most one unfinished line. */
export class WatchParser {
  #pending: Uint8Array[] = [];
  #length = 0;

  /** The events that a chunk completes. Throws a WatchError, after which the watch is lost. */
  push(chunk: Uint8Array): WatchEvent[] {
    const events: WatchEvent[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#hold(chunk.subarray(start, end));
      const line = Buffer.concat(this.#pending).toString("utf8").trim();
      this.#pending = [];
      this.#length = 0;
      if (line !== "") events.push(parseEvent(line));
      start = end + 1;
    }
    // A copy: the caller may reuse the chunk's memory.
    if (start < chunk.length) this.#hold(chunk.slice(start));
    return events;
  }

  #hold(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > WATCH_LINE_LIMIT)
      throw new WatchError(
        "line-too-long",
        `Cannot read watch event: longer than ${WATCH_LINE_LIMIT} bytes`,
      );
    this.#pending.push(part);
  }
}

interface Wire {
  readonly type?: string;
  readonly object?: {
    readonly code?: number;
    readonly message?: string;
    readonly metadata?: { readonly resourceVersion?: string };
  } | null;
}

function parseEvent(line: string): WatchEvent {
  const { type, object } = parseLine(line);
  if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") return { type, object };
  if (type === "BOOKMARK")
    return { type, resourceVersion: object?.metadata?.resourceVersion ?? "" };
  if (type !== "ERROR")
    throw new WatchError("not-an-event", `Cannot read watch event: its type is ${type}`);
  const status = object?.code ?? 0;
  return status === GONE ? { type: "EXPIRED" } : { type, status, message: object?.message ?? "" };
}

function parseLine(line: string): Wire {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value as Wire;
  } catch {
    // The same answer as for JSON that is no object.
  }
  throw new WatchError("not-an-event", "Cannot read watch event: it is no JSON object");
}
