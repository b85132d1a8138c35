/** Flags and environment of the programs that the image is besides a proxy: Linkerd's names. */

import { parseSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import { parseGoDuration } from "#lib/time/duration.ts";

/** What `linkerd-await` is asked for. */
export interface AwaitArgs {
  readonly port: number;
  /** How long it waits at most; forever where none is given. */
  readonly timeoutMs: number | undefined;
  readonly backoffMs: number;
  /** Whether the proxy is ended after the command. */
  readonly shutdown: boolean;
  /** What runs once the proxy is ready. */
  readonly command: readonly string[];
}

/** What `linkerd2-network-validator` is asked for. */
export interface ValidatorArgs {
  readonly connect: SocketAddr;
  readonly listen: SocketAddr;
  readonly timeoutMs: number;
}

/** A program that is not to do anything says why in the environment; undefined where it is to. */
export function awaitDisabled(): string | undefined {
  return process.env["LINKERD_AWAIT_DISABLED"] ?? process.env["LINKERD_DISABLED"];
}

type Flags = { readonly values: ReadonlyMap<string, string>; readonly rest: readonly string[] };

/** `--name value`, `--name=value`, `-n value`, switches, then what is no flag. A text says what cannot be read. */
function readFlags(
  words: readonly string[],
  known: Readonly<Record<string, { readonly short?: string; readonly isSwitch?: true }>>,
): Flags | string {
  const values = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") return { values, rest: words.slice(at + 1) };
    if (!word.startsWith("-")) return { values, rest: words.slice(at) };
    const [, given = "", inline] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const [name, how] =
      Object.entries(known).find(([each, { short }]) => each === given || short === given) ?? [];
    if (name === undefined) return `${word} is not known`;
    const value = inline ?? (how?.isSwitch === true ? "true" : words[++at]);
    if (value === undefined) return `--${name} has no value`;
    values.set(name, value);
  }
  return { values, rest: [] };
}

const isPort = (text: string): boolean =>
  /^\d+$/.test(text) && Number(text) > 0 && Number(text) <= 0xffff;

/** Reads the flags of `linkerd-await`; a text says what cannot be used. */
export function parseAwait(words: readonly string[]): AwaitArgs | string {
  const flags = readFlags(words, {
    port: { short: "p" },
    timeout: { short: "t" },
    backoff: { short: "b" },
    shutdown: { short: "S", isSwitch: true },
    verbose: { short: "v", isSwitch: true },
  });
  if (typeof flags === "string") return flags;
  const { values, rest } = flags;
  const port = values.get("port") ?? "4191";
  if (!isPort(port)) return `--port cannot be ${port}`;
  const [timeout, backoff] = [values.get("timeout"), values.get("backoff") ?? "1s"];
  const timeoutMs = timeout === undefined ? undefined : parseGoDuration(timeout);
  const backoffMs = parseGoDuration(backoff);
  if (timeout !== undefined && timeoutMs === undefined) return `--timeout cannot be ${timeout}`;
  if (backoffMs === undefined) return `--backoff cannot be ${backoff}`;
  const shutdown = values.get("shutdown") === "true";
  return { port: Number(port), timeoutMs, backoffMs, shutdown, command: rest };
}

/** Reads the flags of `linkerd2-network-validator`; a text says what cannot be used. */
export function parseValidator(words: readonly string[]): ValidatorArgs | string {
  const flags = readFlags(words, {
    "connect-addr": {},
    "listen-addr": {},
    timeout: {},
    "log-level": {},
    "log-format": {},
  });
  if (typeof flags === "string") return flags;
  const { values } = flags;
  const connect = readAddr(values.get("connect-addr") ?? "1.1.1.1:20001");
  const listen = readAddr(values.get("listen-addr") ?? "0.0.0.0:4140");
  const timeoutMs = parseGoDuration(values.get("timeout") ?? "10s");
  if (connect === undefined) return `--connect-addr cannot be ${values.get("connect-addr")}`;
  if (listen === undefined) return `--listen-addr cannot be ${values.get("listen-addr")}`;
  if (timeoutMs === undefined) return `--timeout cannot be ${values.get("timeout")}`;
  return { connect, listen, timeoutMs };
}

function readAddr(text: string): SocketAddr | undefined {
  const addr = parseSocketAddr(text);
  return addr?.port === 0 ? undefined : addr;
}

/** Milliseconds that `sleep` is to last: numbers with or without s, m, h, d, together. A text says what cannot be used. */
export function parseSleep(words: readonly string[]): number | string {
  let total = 0;
  for (const word of words) {
    const ms = parseGoDuration(/\d$/.test(word) ? `${word}s` : word);
    if (ms === undefined) return `${word} is no time`;
    total += ms;
  }
  return words.length === 0 ? "no time is given" : total;
}
