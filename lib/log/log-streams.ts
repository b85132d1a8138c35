/** Those who read the log while it is written, each by a filter of their own; while nobody does, a line asks for one length. */

import type { Level, LogFilter } from "./log-filter.ts";

/** At most so many read at once. */
export const STREAMS_LIMIT = 16;

interface Reader {
  readonly filter: LogFilter;
  readonly write: (line: string) => void;
}

/** All who read. */
export class LogStreams {
  readonly #readers = new Set<Reader>();

  /** Whether somebody wants lines of this level and target. */
  wants(level: Level, target: string): boolean {
    if (this.#readers.size === 0) return false;
    for (const { filter } of this.#readers) if (filter.allows(level, target)) return true;
    return false;
  }

  /** Gives a line to those who want it. */
  write(level: Level, target: string, line: string): void {
    for (const { filter, write } of [...this.#readers])
      if (filter.allows(level, target)) write(line);
  }

  /** Begins to read; the result ends it. Undefined where too many read. */
  add(filter: LogFilter, write: (line: string) => void): (() => void) | undefined {
    if (this.#readers.size >= STREAMS_LIMIT) return undefined;
    const reader = { filter, write };
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  }
}
