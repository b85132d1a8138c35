/** What a proxy that was sent a message answers: routes are read here as proxy-api.md says, callers are judged by the proxy's own code. */

import type { HttpRouteMatch } from "#lib/api/gen/proxy/http_route_pb.ts";
import type { HttpRoute, HttpRoute_Rule, Server } from "#lib/api/gen/proxy/inbound_pb.ts";
import { toServerPolicy } from "../../../proxy/control/convert-inbound.ts";
import { authorize, type ClientTls } from "../../../proxy/policy/authorization.ts";
import type { ServerPolicy } from "../../../proxy/policy/server-policy.ts";
import type { Answer, Call } from "./objects.ts";

const METHODS = ["GET", "POST"];
const text = new TextDecoder();

type Found = { readonly route: HttpRoute; readonly rule: HttpRoute_Rule; readonly rank: number };

/** The answers of one port. */
export function answerOf(message: Server): (call: Call) => Answer {
  const own = toServerPolicy(message);
  const { kind } = message.protocol ?? {};
  const routes =
    kind?.case === "detect"
      ? kind.value.httpRoutes
      : kind?.case === "http1" || kind?.case === "http2"
        ? kind.value.routes
        : undefined;
  const policies = new Map(
    routes?.map((route) => {
      const authorizations = [...route.authorizations, ...message.authorizations];
      return [route, toServerPolicy({ ...message, authorizations })] as const;
    }),
  );
  return (call) => {
    if (routes === undefined) return isAllowed(own, call) ? "allowed" : "denied";
    const found = bestOf(routes, call);
    if (found === undefined) return "no route";
    if (!isAllowed(policies.get(found.route), call)) return "denied";
    const refuses = found.rule.filters.some((each) => each.kind.case === "failureInjector");
    return refuses ? "refused" : "allowed";
  };
}

function isAllowed(policy: ServerPolicy | undefined, { ip, tls }: Call): boolean {
  return policy !== undefined && authorize(policy, { ip, tls: tlsOf(tls) }) !== undefined;
}

function tlsOf(tls: Call["tls"]): ClientTls {
  if (tls === "none") return { type: "none", reason: "no_tls_from_remote" };
  return tls === "anonymous"
    ? { type: "unauthenticated" }
    : { type: "identity", name: tls.identity };
}

function bestOf(routes: readonly HttpRoute[], call: Call): Found | undefined {
  let best: Found | undefined;
  for (const found of routes.flatMap((route) => rulesOf(route, call)))
    if (best === undefined || found.rank > best.rank) best = found;
  return best;
}

/** The rules of a route that take a call, each as well as its best match. */
function rulesOf(route: HttpRoute, call: Call): Found[] {
  const { hosts, rules } = route;
  if (hosts.length > 0 && hosts.every(({ match }) => match.value !== call.host)) return [];
  const byHost = hosts.length > 0 ? 1e9 : 0;
  return rules.flatMap((rule) =>
    rule.matches
      .filter((match) => takes(match, call))
      .map((match) => ({ route, rule, rank: byHost + rankOf(match) })),
  );
}

function takes({ path, headers, method }: HttpRouteMatch, call: Call): boolean {
  const { kind } = path ?? {};
  const wanted = kind?.value ?? "/";
  const inPath =
    kind?.case === "exact"
      ? call.path === wanted
      : wanted === "/" || call.path === wanted || call.path.startsWith(`${wanted}/`);
  const inMethod = method === undefined || METHODS[Number(method.type.value)] === call.method;
  return (
    inPath &&
    inMethod &&
    headers.every(({ value }) => text.decode(value.value as Uint8Array) === call.version)
  );
}

function rankOf({ path, headers, method }: HttpRouteMatch): number {
  const { kind } = path ?? {};
  const length = kind?.case === "exact" ? 1000 : (kind?.value?.length ?? 0);
  return length * 1e5 + headers.length * 100 + (method === undefined ? 0 : 1);
}
