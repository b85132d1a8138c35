/** Which rule of its routes a request goes by: the best match, as row P24 compares them. */

import type { Pattern } from "#lib/http/pattern.ts";
import { withoutQuery } from "#lib/http/target.ts";
import { hasFields, hasParameters } from "./match-fields.ts";
import { meets, methodOf, type RequestCondition } from "./request-condition.ts";
import type { MatchedHead, NamedMatch } from "./request-match.ts";

/** What was found. */
export interface Found<Target> {
  readonly target: Target;
  /** How many characters of the path a prefix has matched, slashes at its end aside; undefined where another kind of match has. */
  readonly prefix: number | undefined;
}

/** Tables of a list of routes. */
export interface RouteTable<Target> {
  /** Found for every request, where one rule takes them all. */
  readonly always: Found<Target> | undefined;
  readonly exactHosts: ReadonlyMap<string, Paths<Target>>;
  /** Longest first; each begins with a dot. */
  readonly suffixes: readonly { readonly name: string; readonly paths: Paths<Target> }[];
  readonly anyHost: Paths<Target> | undefined;
}

/** A match with what decides between those that hold of the path alike. */
export interface Entry<Target> extends Found<Target> {
  readonly method: string | undefined;
  readonly headers: readonly NamedMatch[];
  readonly queryParams: readonly NamedMatch[];
  /** Holds of paths with a service and a method only. */
  readonly rpc: boolean;
  readonly condition: RequestCondition | undefined;
}

/** Matches that hold of the path alike, the best first. */
export type Entries<Target> = Entry<Target>[];

/** The matches for one host by path; every list has the best first. */
export interface Paths<Target> {
  readonly exact: Map<string, Entries<Target>>;
  readonly regexes: { readonly pattern: Pattern; readonly entry: Entry<Target> }[];
  readonly prefixes: Map<string, Entries<Target>>;
  /** The lengths of all prefixes, longest first. */
  readonly lengths: number[];
  readonly services: Map<string, Entries<Target>>;
  readonly methods: Map<string, Entries<Target>>;
  readonly any: Entries<Target>;
}

/** The best match of a request; undefined where none holds. The path is taken as it will be forwarded. */
export function findRoute<Target>(
  table: RouteTable<Target>,
  head: MatchedHead,
): Found<Target> | undefined {
  const { always, anyHost } = table;
  if (always !== undefined) return always;
  const path = withoutQuery(head.path);
  if (table.exactHosts.size > 0 || table.suffixes.length > 0) {
    const found = findByHost(table, path, head);
    if (found !== undefined) return found;
  }
  return anyHost && findByPath(anyHost, path, head);
}

function findByHost<Target>(
  { exactHosts, suffixes }: RouteTable<Target>,
  path: string,
  head: MatchedHead,
): Found<Target> | undefined {
  const given = hostOf(head.authority);
  const host = given.endsWith(".") ? given.slice(0, -1) : given;
  for (const name of host === given ? [host] : [given, host]) {
    const paths = exactHosts.get(name);
    const found = paths && findByPath(paths, path, head);
    if (found !== undefined) return found;
  }
  for (const { name, paths } of suffixes) {
    const asked = name.endsWith(".") ? given : host;
    if (asked.length <= name.length || !asked.endsWith(name)) continue;
    const found = findByPath(paths, path, head);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The host of an authority, in lower case. */
function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(":");
  const hasPort = colon >= 0 && !authority.includes("]", colon);
  return (hasPort ? authority.slice(0, colon) : authority).toLowerCase();
}

function findByPath<Target>(
  paths: Paths<Target>,
  path: string,
  head: MatchedHead,
): Found<Target> | undefined {
  const exact = paths.exact.get(path);
  const found = exact && findEntry(exact, path, head);
  if (found !== undefined) return found;
  for (const { pattern, entry } of paths.regexes)
    if (pattern.test(path) && holds(entry, path, head)) return entry;
  return (
    findByPrefix(paths, path, head) ??
    findByRpc(paths, path, head) ??
    findEntry(paths.any, path, head)
  );
}

function findByPrefix<Target>(
  { lengths, prefixes }: Paths<Target>,
  path: string,
  head: MatchedHead,
): Found<Target> | undefined {
  for (const length of lengths) {
    if (length > path.length || !endsSegment(path, length)) continue;
    const below = prefixes.get(path.slice(0, length));
    const found = below && findEntry(below, path, head);
    if (found !== undefined) return found;
  }
  return undefined;
}

const endsSegment = (path: string, at: number): boolean =>
  at === path.length || path.charCodeAt(at) === 0x2f;

function findByRpc<Target>(
  { services, methods }: Paths<Target>,
  path: string,
  head: MatchedHead,
): Found<Target> | undefined {
  if (services.size + methods.size === 0) return undefined;
  const slash = methodSlash(path);
  if (slash < 0) return undefined;
  const service = services.get(path.slice(1, slash));
  const found = service && findEntry(service, path, head);
  if (found !== undefined) return found;
  const method = methods.get(path.slice(slash + 1));
  return method && findEntry(method, path, head);
}

/** Where the method begins in `/service/method`; -1 where the path is none. */
function methodSlash(path: string): number {
  const slash = path.indexOf("/", 1);
  const isRpc =
    slash > 1 &&
    slash < path.length - 1 &&
    path.charCodeAt(0) === 0x2f &&
    !path.includes("/", slash + 1);
  return isRpc ? slash : -1;
}

function findEntry<Target>(
  entries: Entries<Target>,
  path: string,
  head: MatchedHead,
): Found<Target> | undefined {
  for (const entry of entries) if (holds(entry, path, head)) return entry;
  return undefined;
}

/** Whether what a match demands beside its path holds. */
function holds(
  { method, headers, queryParams, rpc, condition }: Entry<unknown>,
  path: string,
  head: MatchedHead,
): boolean {
  return (
    (method === undefined || method === methodOf(head)) &&
    (headers.length === 0 || hasFields(head, headers)) &&
    (queryParams.length === 0 || hasParameters(head.path, queryParams)) &&
    (!rpc || methodSlash(path) > 0) &&
    (condition === undefined || meets(condition, path, head))
  );
}
