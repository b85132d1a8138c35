/**
 * Which rule a request goes by, written from the tables of Linkerd's interface (P24, A39, and the semantics of
 * `HttpRouteMatch`, `HostMatch` and `GrpcRouteMatch`) and from no code of ours: every rule is asked, the best is taken.
 */

import {
  type Answer,
  type CallMatch,
  type Match,
  type Named,
  NO_ROUTE,
  type Request,
  type Route,
  type World,
} from "./objects.ts";

type Rank = readonly number[];

/** The rule's name. */
export function evaluate(world: World, request: Request): Answer {
  return world.type === "http"
    ? bestOf(world.routes, request, rankOfMatch, [2, 1, 0, 0, 0])
    : bestOf(world.routes, request, rankOfCall, [0, 0, 0]);
}

type Ranked = { readonly name: string; readonly rank: Rank };

function bestOf<M>(
  routes: readonly Route<M>[],
  request: Request,
  rankOf: (match: M, request: Request) => Rank | undefined,
  everything: Rank,
): Answer {
  const found = routes.flatMap(({ hosts, rules }): Ranked[] => {
    const asked = hosts.flatMap((host) => rankOfHost(host, request.authority) ?? []);
    if (hosts.length > 0 && asked.length === 0) return [];
    return rules.flatMap(({ name, matches }) => {
      const ranks = matches.flatMap((match) => [rankOf(match, request)]);
      return (matches.length === 0 ? [everything] : ranks).flatMap((rank) =>
        rank === undefined ? [] : [{ name, rank: [Math.max(0, ...asked), ...rank] }],
      );
    });
  });
  const best = found.reduce<Ranked | undefined>(
    (first, next) => (first === undefined || isBetter(next.rank, first.rank) ? next : first),
    undefined,
  );
  return best?.name ?? NO_ROUTE;
}

function isBetter(one: Rank, other: Rank): boolean {
  const at = one.findIndex((each, index) => each !== other[index]);
  return at >= 0 && (one[at] ?? 0) > (other[at] ?? 0);
}

/** Exact before suffix, the longer one first; case does not count, and a last dot only where the match has one. */
function rankOfHost(wanted: string, authority: string): number | undefined {
  const named = authority.toLowerCase().replace(/:[0-9]+$/, "");
  const host = wanted.endsWith(".") ? named : named.replace(/\.$/, "");
  const name = wanted.toLowerCase();
  if (!name.startsWith("*.")) return host === name ? 1e6 + name.length : undefined;
  const suffix = name.slice(1);
  return host.endsWith(suffix) && host !== suffix ? suffix.length : undefined;
}

/** Kind of path (exact 4, pattern 3, prefix 2) with its length, fields, parameters, method. */
function rankOfMatch({ path, method, headers, queryParams }: Match, request: Request) {
  const [asked = "", query] = request.path.split(/\?(.*)/s);
  const rank = rankOfPath(path ?? { type: "prefix", value: "/" }, asked);
  const pairs = (query ?? "").split("&").map((pair) => pair.split(/=(.*)/s).map(decoded));
  const holds =
    rank !== undefined &&
    (method === undefined || method === request.method) &&
    headers.every((each) => hasField(each, request)) &&
    queryParams.every((each) =>
      pairs.some(([name, value = ""]) => name === each.name && accepts(each, value)),
    );
  return holds
    ? [...rank, headers.length, queryParams.length, method === undefined ? 0 : 1]
    : undefined;
}

const decoded = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));

function rankOfPath({ type, value }: NonNullable<Match["path"]>, path: string): Rank | undefined {
  if (type === "exact") return path === value ? [4, 0] : undefined;
  if (type === "regex") return new RegExp(`^(?:${value})$`).test(path) ? [3, 0] : undefined;
  if (value === "/") return [2, 1];
  const prefix = value.replace(/\/+$/, "");
  const within = path === prefix || path.startsWith(`${prefix}/`);
  return within ? [2, prefix.length] : undefined;
}

/** Calls are POST and their path is a service and a method. */
function rankOfCall({ service, method, headers }: CallMatch, request: Request): Rank | undefined {
  const parts = /^\/([^/]+)\/([^/]+)$/.exec(request.path.replace(/\?.*$/s, ""));
  const holds =
    parts !== null &&
    request.method === "POST" &&
    (service === "" || service === parts[1]) &&
    (method === "" || method === parts[2]) &&
    headers.every((each) => hasField(each, request));
  return holds ? [service.length, method.length, headers.length] : undefined;
}

function hasField(match: Named, { headers, authority }: Request): boolean {
  const wanted = match.name.toLowerCase();
  const values = headers.filter(([name]) => name === wanted).map(([, value]) => value);
  return (wanted === "host" ? [authority] : values).some(
    (value) => accepts(match, value) && (match.type === "exact" || !/[^ -~]/.test(value)),
  );
}

function accepts({ type, value }: Named, given: string): boolean {
  return type === "exact" ? value === given : new RegExp(`^(?:${value})$`).test(given);
}
