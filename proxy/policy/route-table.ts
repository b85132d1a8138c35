/** Tables of routes, made once a policy, in which the best match of a request is found without asking every rule. */

import type { GrpcMatch, HostMatch, HttpMatch, RequestMatch } from "./request-match.ts";
import type { Entries, Entry, Found, Paths, RouteTable } from "./route-match.ts";

/** A route as the tables are made of it: for which hosts (none: all), with its rules; a rule without matches takes all. */
export interface MatchedRoute<Target> {
  readonly hosts: readonly HostMatch[];
  readonly rules: readonly { readonly matches: readonly RequestMatch[]; readonly target: Target }[];
}

/**
 * Makes the tables. Where two matches hold, the better one is that with the better host (exact before suffix before
 * none, the longer one), then path (exact, then pattern, then the longer prefix; of gRPC the service, then the
 * method), then more fields, more query parameters, a method; then the first in the list.
 */
export function prepareRoutes<Target>(routes: readonly MatchedRoute<Target>[]): RouteTable<Target> {
  const exactHosts = new Map<string, Paths<Target>>();
  const suffixes = new Map<string, Paths<Target>>();
  const anyHost = new Map<string, Paths<Target>>();
  for (const { hosts, rules } of routes) {
    const places = hosts.map(({ type, name }) =>
      type === "exact"
        ? placeOf(exactHosts, name.toLowerCase())
        : placeOf(suffixes, `.${name.toLowerCase()}`),
    );
    // The same host twice in one route is one place.
    for (const paths of new Set(hosts.length === 0 ? [placeOf(anyHost, "")] : places))
      for (const { matches, target } of rules) addRule(paths, matches, target);
  }
  for (const paths of [exactHosts, suffixes, anyHost].flatMap((all) => [...all.values()]))
    sortPaths(paths);
  const longestFirst = [...suffixes].sort(([a], [b]) => b.length - a.length);
  return {
    always: onlyEntry([...exactHosts, ...suffixes], anyHost.get("")),
    exactHosts,
    suffixes: longestFirst.map(([name, paths]) => ({ name, paths })),
    anyHost: anyHost.get(""),
  };
}

function placeOf<Target>(places: Map<string, Paths<Target>>, name: string): Paths<Target> {
  return entryOf(places, name, () => ({
    exact: new Map(),
    regexes: [],
    prefixes: new Map(),
    lengths: [],
    services: new Map(),
    methods: new Map(),
    any: [],
  }));
}

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

function addRule<Target>(
  paths: Paths<Target>,
  matches: readonly RequestMatch[],
  target: Target,
): void {
  if (matches.length === 0) addHttp(paths, EVERYTHING, target);
  for (const match of matches)
    switch (match.type) {
      case "http":
        addHttp(paths, match, target);
        break;
      case "grpc":
        addGrpc(paths, match, target);
        break;
      case "condition":
        paths.any.push({ ...UNCONDITIONAL, target, condition: match.condition });
        break;
    }
}

/** What demands nothing. */
const UNCONDITIONAL: Omit<Entry<unknown>, "target"> = {
  prefix: 1,
  method: undefined,
  headers: [],
  queryParams: [],
  rpc: false,
  condition: undefined,
};

const EVERYTHING: HttpMatch = {
  type: "http",
  path: undefined,
  method: undefined,
  headers: [],
  queryParams: [],
};

function addHttp<Target>(paths: Paths<Target>, match: HttpMatch, target: Target): void {
  const { path, method, headers, queryParams } = match;
  const rest = { ...UNCONDITIONAL, target, method, headers, queryParams };
  if (path?.type === "regex") {
    paths.regexes.push({ pattern: path.value, entry: { ...rest, prefix: undefined } });
  } else if (path?.type === "exact") {
    listOf(paths.exact, path.value).push({ ...rest, prefix: undefined });
  } else {
    const value = path?.value.replace(/\/+$/, "") ?? "";
    // The root is every path, `*` and that of CONNECT too.
    if (value === "") paths.any.push({ ...rest, prefix: 1 });
    else listOf(paths.prefixes, value).push({ ...rest, prefix: value.length });
  }
}

function addGrpc<Target>(paths: Paths<Target>, match: GrpcMatch, target: Target): void {
  const { service, method, headers } = match;
  const entry: Entry<Target> = {
    target,
    prefix: undefined,
    method: "POST",
    headers,
    queryParams: [],
    rpc: true,
    condition: undefined,
  };
  if (service !== "" && method !== "") listOf(paths.exact, `/${service}/${method}`).push(entry);
  else if (service !== "") listOf(paths.services, service).push(entry);
  else if (method !== "") listOf(paths.methods, method).push(entry);
  else paths.any.push(entry);
}

const listOf = <Target>(map: Map<string, Entries<Target>>, key: string): Entries<Target> =>
  entryOf(map, key, () => []);

/** Sorting is stable: of equals the first in the list stays first. */
function sortPaths<Target>(paths: Paths<Target>): void {
  const { exact, regexes, prefixes, lengths, services, methods, any } = paths;
  for (const lists of [exact, prefixes, services, methods])
    for (const entries of lists.values()) entries.sort(better);
  any.sort(better);
  regexes.sort((a, b) => better(a.entry, b.entry));
  lengths.push(...new Set([...prefixes.keys()].map((prefix) => prefix.length)));
  lengths.sort((a, b) => b - a);
}

function better(a: Entry<unknown>, b: Entry<unknown>): number {
  return (
    b.headers.length - a.headers.length ||
    b.queryParams.length - a.queryParams.length ||
    byMethod(b) - byMethod(a)
  );
}

/** That calls are POST is no match of a method. */
const byMethod = ({ method, rpc }: Entry<unknown>): number => (method === undefined || rpc ? 0 : 1);

function onlyEntry<Target>(
  hosts: readonly unknown[],
  any: Paths<Target> | undefined,
): Found<Target> | undefined {
  if (hosts.length > 0 || any === undefined) return undefined;
  const { exact, regexes, prefixes, services, methods } = any;
  const others = exact.size + regexes.length + prefixes.size + services.size + methods.size;
  const [best] = any.any;
  const isOpen =
    best !== undefined &&
    best.method === undefined &&
    best.condition === undefined &&
    best.headers.length + best.queryParams.length === 0;
  return others === 0 && isOpen ? best : undefined;
}
