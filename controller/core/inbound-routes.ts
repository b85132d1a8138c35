/** Routes of a Server (INB10), and the route of the kubelet's probes where there are none (INB9). */

import {
  type Authentications,
  type Authorization,
  type AuthorizationPolicy,
  fromAuthorizationPolicy,
  type PolicyRef,
} from "./authorization.ts";
import {
  byAge,
  type GrpcRoute,
  type HeaderModifier,
  type HostMatch,
  type HttpMatch,
  type HttpRoute,
  POLICY_GROUP,
  type Redirect,
  type RouteFilter,
  type RouteRule,
} from "./route.ts";
import type { Server } from "./server.ts";

/** What is done with a request of a rule; `refuse` answers it with a failure. */
export type InboundFilter =
  | { readonly type: "request-headers"; readonly modifier: HeaderModifier }
  | { readonly type: "redirect"; readonly redirect: Redirect }
  | { readonly type: "refuse"; readonly message: string };

/** One rule; no matches take everything. */
export type InboundRule<Match> = {
  readonly matches: readonly Match[];
  readonly filters: readonly InboundFilter[];
};

/** A route with those who may take it beside the Server's own. */
export type InboundRoute<Match> = {
  readonly ref: PolicyRef;
  readonly hosts: readonly HostMatch[];
  readonly authorizations: readonly Authorization[];
  readonly rules: readonly InboundRule<Match>[];
};

type MatchOf<Route> = Route extends { readonly rules: readonly RouteRule<infer Match>[] }
  ? Match
  : never;

/** The routes of one kind that are attached to a Server, the older first. */
export function attachedRoutes<Route extends HttpRoute | GrpcRoute>(
  routes: readonly Route[],
  to: {
    readonly server: Server;
    readonly objects: {
      readonly authorizationPolicies: readonly AuthorizationPolicy[];
      readonly authentications: Authentications;
    };
  },
): readonly InboundRoute<MatchOf<Route>>[] {
  const { authorizationPolicies, authentications } = to.objects;
  const attached = routes.filter((route) => isAttached(route, to.server)).sort(byAge);
  return attached.map((route) => ({
    ref: { type: "object", group: route.group, kind: route.kind, name: route.name },
    hosts: route.hosts,
    authorizations: authorizationPolicies
      .filter((policy) => isTarget(policy, route))
      .sort(byAge)
      .flatMap((policy) => fromAuthorizationPolicy(policy, authentications) ?? []),
    rules: (route.rules as readonly RouteRule<MatchOf<Route>>[]).map(toInboundRule),
  }));
}

/** A Server has neither ports nor sections, and no routes of other namespaces. */
export function isAttached(
  { parents }: HttpRoute | GrpcRoute,
  server: { readonly name: string; readonly namespace: string },
): boolean {
  return parents.some(
    (parent) =>
      parent.group === POLICY_GROUP &&
      parent.kind === "Server" &&
      parent.name === server.name &&
      parent.namespace === server.namespace &&
      parent.port === undefined &&
      parent.section === undefined,
  );
}

function isTarget({ target }: AuthorizationPolicy, route: HttpRoute | GrpcRoute): boolean {
  return (
    target?.type === "route" &&
    target.group === route.group &&
    target.kind === route.kind &&
    target.name === route.name
  );
}

/** A rule that is not known whole refuses what it takes: its requests must not fall to a rule that allows more. */
function toInboundRule<Match>({ matches, filters, fault }: RouteRule<Match>): InboundRule<Match> {
  const known = filters.map(toInboundFilter);
  const refusal =
    fault === undefined
      ? known.find(({ type }) => type === "refuse")
      : ({ type: "refuse", message: fault } as const);
  return { matches, filters: refusal === undefined ? known : [refusal] };
}

function toInboundFilter(filter: RouteFilter): InboundFilter {
  switch (filter.type) {
    case "request-headers":
      return { type: filter.type, modifier: filter.modifier };
    case "response-headers":
      return { type: "refuse", message: "responses of inbound routes are not changed" };
    case "redirect":
      return filter;
  }
}

/** Probes pass from the networks of kubelets, whatever else is allowed; all else goes by the policy. Undefined where there are none. */
export function probeRoute(
  paths: readonly string[],
  networks: readonly string[],
): readonly InboundRoute<HttpMatch>[] | undefined {
  if (paths.length === 0 || networks.length === 0) return undefined;
  const matches = paths.map((path) => ({
    path: { type: "exact" as const, value: `/${path.split("?")[0]?.replace(/^\//, "")}` },
    method: "GET",
    headers: [],
    queryParams: [],
  }));
  const probe: InboundRoute<HttpMatch> = {
    ref: { type: "default", name: "probe" },
    hosts: [],
    authorizations: [
      {
        ref: { type: "default", name: "probe" },
        networks: networks.map((cidr) => ({ cidr, except: [] })),
        authentication: { type: "unauthenticated" },
      },
    ],
    rules: [{ matches, filters: [] }],
  };
  return [probe, DEFAULT_ROUTE];
}

/** Everything, as the Server has it. */
export const DEFAULT_ROUTE: InboundRoute<never> = {
  ref: { type: "default", name: "default" },
  hosts: [],
  authorizations: [],
  rules: [{ matches: [], filters: [] }],
};
