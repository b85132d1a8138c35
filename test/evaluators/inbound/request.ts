/** What a proxy that was sent a message answers, by its own code: which route takes a call, and whether the caller may. */

import type { HttpRoute, HttpRoute_Rule, Server } from "#lib/api/gen/proxy/inbound_pb.ts";
import { HeaderList } from "#lib/http/headers.ts";
import { toServerPolicy } from "../../../proxy/control/convert-inbound.ts";
import { toHost, toHttpMatch } from "../../../proxy/control/convert-match.ts";
import { authorize, type ClientTls } from "../../../proxy/policy/authorization.ts";
import type { MatchedHead } from "../../../proxy/policy/request-match.ts";
import { findRoute } from "../../../proxy/policy/route-match.ts";
import { type MatchedRoute, prepareRoutes } from "../../../proxy/policy/route-table.ts";
import type { ServerPolicy } from "../../../proxy/policy/server-policy.ts";
import type { Answer, Call } from "./objects.ts";

type Found = { readonly route: HttpRoute; readonly rule: HttpRoute_Rule };

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
  const table = prepareRoutes((routes ?? []).map(toMatchedRoute));
  return (call) => {
    if (routes === undefined) return isAllowed(own, call) ? "allowed" : "denied";
    const found = findRoute(table, headOf(call))?.target;
    if (found === undefined) return "no route";
    if (!isAllowed(policies.get(found.route), call)) return "denied";
    const refuses = found.rule.filters.some((each) => each.kind.case === "failureInjector");
    return refuses ? "refused" : "allowed";
  };
}

function toMatchedRoute(route: HttpRoute): MatchedRoute<Found> {
  return {
    hosts: route.hosts.map(toHost),
    rules: route.rules.map((rule) => ({
      matches: rule.matches.map(toHttpMatch),
      target: { route, rule },
    })),
  };
}

function headOf({ host, path, method, version }: Call): MatchedHead {
  return { method, path, authority: host, headers: HeaderList.of(["x-version", version]) };
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
