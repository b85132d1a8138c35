/** Reads typed values out of environment variables and collects everything that is wrong with them. */

import { Cidr } from "#lib/addr/cidr.ts";
import { normalizeIp } from "#lib/addr/ip.ts";
import { parseSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import { type NameSuffix, parseNameSuffix } from "#lib/addr/suffix.ts";
import { parseDuration } from "#lib/time/duration.ts";

/** What the names of the proxy's variables begin with, but for a few. */
export const PREFIX = "LINKERD2_PROXY_";

/** A set of variables. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** At most so many ports may be named by one variable, ranges counted out. */
export const PORTS_LIMIT: number = 65_536;

/** Reads variables by name; a bad value is noted in `errors` and its default stands in. */
export class EnvReader {
  readonly errors: string[] = [];
  /** What was passed over. */
  readonly warnings: string[] = [];
  readonly #variables: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** The value, or undefined where unset or empty. */
  text(name: string): string | undefined {
    const value = this.#variables[name];
    return value === undefined || value === "" ? undefined : value;
  }

  /** Whether it is set, to nothing. */
  isEmpty(name: string): boolean {
    return this.#variables[name] === "";
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) this.errors.push(`${name} is not set`);
    return value ?? "";
  }

  /** Milliseconds. */
  duration<D extends number | undefined>(name: string, fallback: D): number | D {
    return this.#parse(name, fallback, parseDuration, "an integer with ms, s, m, h or d");
  }

  boolean(name: string, fallback: boolean): boolean {
    const parse = (text: string): boolean | undefined =>
      text === "true" || text === "false" ? text === "true" : undefined;
    return this.#parse(name, fallback, parse, "true or false");
  }

  /** A ratio or count that is not negative. */
  number(name: string, fallback: number): number {
    const parse = (text: string): number | undefined =>
      /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
    return this.#parse(name, fallback, parse, "a number");
  }

  /** A whole number within bounds. */
  integer<D extends number | undefined>(
    name: string,
    fallback: D,
    { min, max }: { readonly min: number; readonly max: number },
  ): number | D {
    const parse = (text: string): number | undefined =>
      /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max
        ? Number(text)
        : undefined;
    return this.#parse(name, fallback, parse, `a whole number from ${min} to ${max}`);
  }

  /** What may be wrong without ending the start: it is warned of, and counts as unset. */
  lenient<T>(
    name: string,
    {
      parse,
      expected,
    }: { readonly parse: (text: string) => T | undefined; readonly expected: string },
  ): T | undefined {
    const text = this.text(name);
    const value = text === undefined ? undefined : parse(text);
    if (text !== undefined && value === undefined)
      this.warnings.push(`${name} is passed over, it must be ${expected}: "${text}"`);
    return value;
  }

  /** A comma list of addresses without ports, none of them empty: without one any address would be allowed. */
  ips(name: string): readonly string[] {
    return this.#parse(name, [], strictListOf(normalizeIp), "a comma list of addresses");
  }

  addr(name: string, fallback: SocketAddr): SocketAddr {
    return this.#parse(name, fallback, parseSocketAddr, "ip:port");
  }

  /** A comma list of addresses, none of them empty. */
  addrs(name: string, fallback: readonly SocketAddr[]): readonly SocketAddr[] {
    return this.#parse(name, fallback, strictListOf(parseSocketAddr), "a comma list of ip:port");
  }

  /** A comma list of networks; empty entries are ignored. */
  networks(name: string): readonly Cidr[] {
    return this.#parse(name, [], listOf(Cidr.parse), "a comma list of networks");
  }

  /** A comma list of suffixes of names, `.` for every name; empty entries are ignored. */
  suffixes(name: string, fallback: readonly NameSuffix[]): readonly NameSuffix[] {
    return this.#parse(name, fallback, listOf(parseNameSuffix), "a comma list of name suffixes");
  }

  /** A comma list of ports and ranges; blanks and empty entries are ignored. */
  ports(name: string): readonly number[] {
    return this.#parse(name, [], parsePorts, "a comma list of ports and ranges a-b");
  }

  /** One of a few words. */
  oneOf<W extends string>(name: string, fallback: W, words: readonly W[]): W {
    return this.#parse(
      name,
      fallback,
      (text) => words.find((word) => word === text),
      `one of ${words.join(", ")}`,
    );
  }

  #parse<T, D>(
    name: string,
    fallback: D,
    parse: (text: string) => T | undefined,
    expected: string,
  ): T | D {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = parse(text);
    if (value !== undefined) return value;
    this.errors.push(`${name} must be ${expected}: "${text}"`);
    return fallback;
  }
}

const allEntries = (text: string): string[] => text.split(",").map((entry) => entry.trim());
const entries = (text: string): string[] => allEntries(text).filter((entry) => entry !== "");

/** Of texts; undefined where one of them is none. */
type ListParser<T> = (text: string) => readonly T[] | undefined;

const listOf =
  <T>(parse: (text: string) => T | undefined): ListParser<T> =>
  (text) =>
    parsedAll(entries(text), parse);

/** An empty entry is none either. */
const strictListOf =
  <T>(parse: (text: string) => T | undefined): ListParser<T> =>
  (text) =>
    parsedAll(allEntries(text), parse);

function parsedAll<T>(
  texts: readonly string[],
  parse: (text: string) => T | undefined,
): readonly T[] | undefined {
  const values = texts.flatMap((text) => parse(text) ?? []);
  return values.length === texts.length ? values : undefined;
}

/** The ports of a list such as `80,8000-8010`; undefined where malformed. */
export function parsePorts(text: string): readonly number[] | undefined {
  const ports: number[] = [];
  for (const entry of entries(text)) {
    const [, low, high] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(entry) ?? [];
    const [from, to] = [Number(low), Number(high ?? low)];
    if (!(from <= to && to <= 0xffff) || ports.length + to - from >= PORTS_LIMIT) return undefined;
    for (let port = from; port <= to; port++) ports.push(port);
  }
  return ports;
}
