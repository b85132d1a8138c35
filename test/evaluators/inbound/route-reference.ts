/** Which rule of a Server's routes takes a request, written from the tables (INB10, P24) and from no code of ours. */

import type { Call, Rule, Written } from "./objects.ts";

type Match = NonNullable<Rule["matches"]>[number];
type Found = { readonly route: Written; readonly rule: Rule; readonly rank: readonly number[] };
const EVERYTHING: Match = { path: { type: "PathPrefix", value: "/" } };

/** The HTTPRoutes that are attached to a Server, of those of its namespace. */
export function routesOf(server: Written, here: readonly Written[]): Written[] {
  return here.filter(
    ({ kind, spec }) =>
      kind === "HTTPRoute" &&
      (spec.parentRefs ?? []).some(
        (each) =>
          each.kind === "Server" &&
          each.name === server.name &&
          each.port === undefined &&
          (each.namespace ?? server.namespace) === server.namespace,
      ),
  );
}

/** The rule with the best match: by host, path, headers, method, then by the order of routes and rules. */
export function bestRule(routes: readonly Written[], call: Call): Found | undefined {
  const found = routes.flatMap((route) => {
    const { hostnames = [], rules = [] } = route.spec;
    if (hostnames.length > 0 && !hostnames.includes(call.host)) return [];
    return rules.flatMap((rule) =>
      (rule.matches ?? [EVERYTHING])
        .filter((match) => takes(match, call))
        .map((match) => ({ route, rule, rank: [hostnames.length > 0 ? 1 : 0, ...rankOf(match)] })),
    );
  });
  return found.sort((a, b) => compare(b.rank, a.rank))[0];
}

function takes({ path, method = "", headers = [] }: Match, call: Call): boolean {
  const inPath =
    path === undefined ||
    (path.type === "Exact"
      ? path.value === call.path
      : `${call.path}/`.startsWith(path.value.replace(/\/?$/, "/")));
  const inMethod = method === "" || method === call.method;
  return inPath && inMethod && headers.every(({ value }) => value === call.version);
}

function rankOf({ path, method, headers = [] }: Match): number[] {
  // Without a path it is the prefix `/`.
  const length = path?.type === "Exact" ? Number.POSITIVE_INFINITY : (path?.value.length ?? 1);
  return [length, headers.length, method === undefined ? 0 : 1];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((each, index) => each !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) > (b[at] ?? 0) ? 1 : -1;
}

/** Nothing in it that is not known, or that inbound routes cannot do. */
export const isKnown = (rule: Rule): boolean =>
  Object.keys(rule).every((key) => key === "matches" || key === "filters") &&
  (rule.filters ?? []).every(({ type }) => type === "RequestHeaderModifier");
