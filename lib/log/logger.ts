/** Leveled logging with fields: an interface and its two formats. */

import type { Level, LogFilter } from "./log-filter.ts";
import type { LogStreams } from "./log-streams.ts";

/** What a line carries beside its message. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes lines of one target. */
export interface Logger {
  error(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
  /** Whether a line of this level would be written; ask before costly fields are built. */
  enabled(level: Level): boolean;
  /** The same log under another target, as the filter names it. */
  target(name: string): Logger;
}

/** One line before it is formatted. */
export interface Line {
  readonly level: Level;
  readonly target: string;
  readonly message: string;
  readonly fields: Fields;
  readonly wallMs: number;
}

/** Creates a logger that formats lines and hands them to `write`. */
export function createLogger(options: {
  readonly filter: LogFilter;
  readonly format: "plain" | "json";
  readonly wall: () => number;
  readonly write: (line: string) => void;
  readonly target?: string;
  /** Who reads beside. */
  readonly streams?: LogStreams;
}): Logger {
  const target = options.target ?? "linkerd";
  const format = options.format === "json" ? formatJson : formatPlain;
  const log = (level: Level, message: string, fields: Fields = {}): void => {
    const { filter, streams, wall, write } = options;
    if (filter.allows(level, target))
      write(format({ level, target, message, fields, wallMs: wall() }));
    if (streams?.wants(level, target) === true)
      streams.write(level, target, formatJson({ level, target, message, fields, wallMs: wall() }));
  };
  return {
    error: (message, fields) => log("error", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    info: (message, fields) => log("info", message, fields),
    debug: (message, fields) => log("debug", message, fields),
    enabled: (level) =>
      options.filter.allows(level, target) || options.streams?.wants(level, target) === true,
    target: (name) => createLogger({ ...options, target: name }),
  };
}

/** Characters that a terminal or a reader of lines would take for more than text. */
const CONTROLS = /[\p{Cc}\u2028\u2029]/gu;

/** `2026-01-01T00:00:00.000Z INFO linkerd message key=value`. */
export function formatPlain({ level, target, message, fields, wallMs }: Line): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${inOneLine(String(value))}`);
  return `${new Date(wallMs).toISOString()} ${level.toUpperCase()} ${target} ${message}${pairs.join("")}`;
}

/** What peers send may be in it: no line that it makes up passes for one of ours. */
const inOneLine = (text: string): string =>
  text.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** One JSON object a line, with the keys of Linkerd's JSON log. */
export function formatJson({ level, target, message, fields, wallMs }: Line): string {
  const timestamp = new Date(wallMs).toISOString();
  return JSON.stringify({
    timestamp,
    level: level.toUpperCase(),
    fields: { message, ...fields },
    target,
  });
}
