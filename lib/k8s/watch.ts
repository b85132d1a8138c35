/** Reads the events of a Kubernetes watch: JSON objects a line each, in chunks of any size. */

/** One event of a watch; `object` is JSON whose kind the caller asked for. */
export type WatchEvent =
  /** The server has begun to answer. */
  | { readonly type: "OPENED" }
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: unknown }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string }
  /** The version to resume from is gone (410): list anew. */
  | { readonly type: "EXPIRED" }
  | { readonly type: "ERROR"; readonly status: number; readonly message: string }
  /** A line that is too long or no event: it is passed over, as the next watch would meet it again. */
  | { readonly type: "UNREADABLE"; readonly message: string };

/** Bytes of one event at most: etcd's limit of an object with room for managed fields. */
export const WATCH_LINE_LIMIT: number = 4 * 1024 * 1024;

const LINE_FEED = 0x0a;
const GONE = 410;

/** Cuts chunks into lines and lines into events; it holds at most one unfinished line, and none that is too long. */
export class WatchParser {
  #pending: Uint8Array[] = [];
  #length = 0;

  /** The events that a chunk completes. */
  push(chunk: Uint8Array): WatchEvent[] {
    const events: WatchEvent[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#hold(chunk.subarray(start, end));
      const event = this.#takeLine();
      if (event !== undefined) events.push(event);
      start = end + 1;
    }
    // A copy: the caller may reuse the chunk's memory.
    if (start < chunk.length) this.#hold(chunk.slice(start));
    return events;
  }

  #hold(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > WATCH_LINE_LIMIT) this.#pending = [];
    else this.#pending.push(part);
  }

  #takeLine(): WatchEvent | undefined {
    const length = this.#length;
    const line = Buffer.concat(this.#pending).toString("utf8").trim();
    this.#pending = [];
    this.#length = 0;
    if (length > WATCH_LINE_LIMIT) return unreadable(`it is longer than ${WATCH_LINE_LIMIT} bytes`);
    return line === "" ? undefined : parseEvent(line);
  }
}

const unreadable = (why: string): WatchEvent => ({
  type: "UNREADABLE",
  message: `Cannot read watch event: ${why}`,
});

interface Wire {
  readonly type?: string;
  readonly object?: {
    readonly code?: number;
    readonly message?: string;
    readonly metadata?: { readonly resourceVersion?: string };
  } | null;
}

function parseEvent(line: string): WatchEvent {
  const wire = parseLine(line);
  if (wire === undefined) return unreadable("it is no JSON object");
  const { type, object } = wire;
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type, object };
    case "BOOKMARK":
      return { type, resourceVersion: object?.metadata?.resourceVersion ?? "" };
    case "ERROR": {
      const status = object?.code ?? 0;
      return status === GONE
        ? { type: "EXPIRED" }
        : { type, status, message: object?.message ?? "" };
    }
    case undefined:
      return unreadable("it has no type");
    default:
      return unreadable(`its type is ${String(type).slice(0, 100)}`);
  }
}

function parseLine(line: string): Wire | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Wire) : undefined;
  } catch {
    return undefined;
  }
}
