/** Policy of a port as a message (proxy-api.md, 3.10). */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  AuthnSchema,
  AuthzSchema,
  GrpcRoute_FilterSchema,
  GrpcRouteSchema,
  HttpLocalRateLimitSchema,
  HttpRoute_FilterSchema,
  HttpRouteSchema,
  NetworkSchema,
  ServerSchema,
} from "#lib/api/gen/proxy/inbound_pb.ts";
import type { MetadataSchema } from "#lib/api/gen/proxy/meta_pb.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import {
  type Authentication,
  type Authorization,
  type Network,
  type PolicyRef,
  policyRef,
} from "../core/authorization.ts";
import type { PortPolicy } from "../core/inbound-policy.ts";
import { DEFAULT_ROUTE, type InboundFilter, type InboundRoute } from "../core/inbound-routes.ts";
import type { GrpcMatch, HttpMatch } from "../core/route.ts";
import type { RateLimit } from "../core/server.ts";
import { duration, fromNetworks, madeUp } from "./convert.ts";
import {
  fromGrpcMatch,
  fromHeaderModifier,
  fromHost,
  fromHttpMatch,
  fromRedirect,
} from "./convert-route.ts";

/** A server as a message before it is encoded. */
export type ServerInit = MessageInitShape<typeof ServerSchema>;

const DETECT_TIMEOUT_MS = 10_000;
const INTERNAL_SERVER_ERROR = 500;
/** A match must be there; one that takes everything is a prefix of every path. */
const ANY_PATH: HttpMatch = {
  path: { type: "prefix", value: "/" },
  method: undefined,
  headers: [],
  queryParams: [],
};
const ANY_CALL: GrpcMatch = { service: "", method: "", headers: [] };

/** What holds for a workload that is not known any more: nobody may call. */
export const NOBODY: ServerInit = {
  protocol: { kind: { case: "detect", value: { timeout: duration(DETECT_TIMEOUT_MS) } } },
  labels: { group: "", kind: "default", name: "deny" },
};

/** Writes the policy of a port. */
export function fromPortPolicy(policy: PortPolicy): ServerInit {
  return {
    protocol: { kind: protocolOf(policy) },
    labels: labelsOf(policy.ref),
    authorizations: policy.authorizations.flatMap(fromAuthorization),
  };
}

type Kind = NonNullable<NonNullable<ServerInit["protocol"]>["kind"]>;

function protocolOf(policy: PortPolicy): Kind {
  const { protocol, rateLimit } = policy;
  const limit = rateLimit && fromRateLimit(rateLimit);
  switch (protocol) {
    case "detect":
      return {
        case: protocol,
        value: {
          timeout: duration(DETECT_TIMEOUT_MS),
          httpRoutes: httpRoutes(policy),
          ...(limit && { httpLocalRateLimit: limit }),
        },
      };
    case "http1":
    case "http2":
      return {
        case: protocol,
        value: { routes: httpRoutes(policy), ...(limit && { localRateLimit: limit }) },
      };
    case "grpc":
      return { case: protocol, value: { routes: grpcRoutes(policy) } };
    case "opaque":
    case "tls":
      return { case: protocol, value: {} };
  }
}

/** A default route where there is none: proxies of today would make it up, those to come need not. */
function httpRoutes({
  httpRoutes: routes,
}: PortPolicy): MessageInitShape<typeof HttpRouteSchema>[] {
  const all: readonly InboundRoute<HttpMatch>[] = routes.length === 0 ? [DEFAULT_ROUTE] : routes;
  return all.map((route) => ({
    ...headOf(route),
    rules: route.rules.map(({ matches, filters }) => ({
      matches: (matches.length === 0 ? [ANY_PATH] : matches).map(fromHttpMatch),
      filters: filters.map(fromHttpFilter),
    })),
  }));
}

function grpcRoutes({
  grpcRoutes: routes,
}: PortPolicy): MessageInitShape<typeof GrpcRouteSchema>[] {
  const all: readonly InboundRoute<GrpcMatch>[] = routes.length === 0 ? [DEFAULT_ROUTE] : routes;
  return all.map((route) => ({
    ...headOf(route),
    rules: route.rules.map(({ matches, filters }) => ({
      matches: (matches.length === 0 ? [ANY_CALL] : matches).map(fromGrpcMatch),
      filters: filters.map(fromGrpcFilter),
    })),
  }));
}

function headOf({
  ref,
  hosts,
  authorizations,
}: InboundRoute<unknown>): Pick<
  MessageInitShape<typeof HttpRouteSchema>,
  "metadata" | "hosts" | "authorizations"
> {
  return {
    metadata: metadataOf(ref),
    hosts: hosts.map(fromHost),
    authorizations: authorizations.flatMap(fromAuthorization),
  };
}

function fromHttpFilter(filter: InboundFilter): MessageInitShape<typeof HttpRoute_FilterSchema> {
  switch (filter.type) {
    case "request-headers":
      return {
        kind: { case: "requestHeaderModifier", value: fromHeaderModifier(filter.modifier) },
      };
    case "redirect":
      return { kind: { case: "redirect", value: fromRedirect(filter.redirect) } };
    case "refuse": {
      const value = { status: INTERNAL_SERVER_ERROR, message: filter.message };
      return { kind: { case: "failureInjector", value } };
    }
  }
}

function fromGrpcFilter(filter: InboundFilter): MessageInitShape<typeof GrpcRoute_FilterSchema> {
  switch (filter.type) {
    case "request-headers":
      return {
        kind: { case: "requestHeaderModifier", value: fromHeaderModifier(filter.modifier) },
      };
    case "redirect":
      return fromGrpcFilter({ type: "refuse", message: "calls are not redirected" });
    case "refuse":
      return {
        kind: {
          case: "failureInjector",
          value: { code: GrpcCode.INTERNAL, message: filter.message },
        },
      };
  }
}

/** Without a network that can be written an authorization would make the whole server invalid: it is left out, and allows nobody. */
function fromAuthorization(
  authorization: Authorization,
): readonly MessageInitShape<typeof AuthzSchema>[] {
  const { ref, networks, authentication } = authorization;
  const written = networks.flatMap(fromNetwork);
  if (written.length === 0) return [];
  return [
    {
      networks: written,
      authentication: fromAuthentication(authentication),
      labels: labelsOf(ref),
      metadata: metadataOf(ref),
    },
  ];
}

function fromNetwork({ cidr, except }: Network): readonly MessageInitShape<typeof NetworkSchema>[] {
  const holes = fromNetworks(except);
  // A network one of whose holes cannot be written would allow what it must not.
  if (holes.length < except.length) return [];
  return fromNetworks([cidr]).map(({ net }) => ({ net, except: holes.map((each) => each.net) }));
}

function fromAuthentication(authentication: Authentication): MessageInitShape<typeof AuthnSchema> {
  switch (authentication.type) {
    case "unauthenticated":
      return { permit: { case: "unauthenticated", value: {} } };
    case "tls":
      return {
        permit: { case: "meshTLS", value: { clients: { case: "unauthenticated", value: {} } } },
      };
    case "identities": {
      const value = {
        identities: authentication.names.map((name) => ({ name })),
        suffixes: authentication.suffixes.map((parts) => ({ parts: [...parts] })),
      };
      return { permit: { case: "meshTLS", value: { clients: { case: "identities", value } } } };
    }
  }
}

function fromRateLimit(limit: RateLimit): MessageInitShape<typeof HttpLocalRateLimitSchema> {
  const { name, total, identity, overrides } = limit;
  return {
    metadata: metadataOf(policyRef("HTTPLocalRateLimitPolicy", name)),
    ...(total !== undefined && { total: { requestsPerSecond: total } }),
    ...(identity !== undefined && { identity: { requestsPerSecond: identity } }),
    overrides: overrides.map(({ requestsPerSecond, identities }) => ({
      limit: { requestsPerSecond },
      clients: { identities: identities.map((each) => ({ name: each })) },
    })),
  };
}

function labelsOf(ref: PolicyRef): Record<string, string> {
  if (ref.type === "default") return { group: "", kind: "default", name: ref.name };
  return { group: ref.group, kind: ref.kind, name: ref.name };
}

function metadataOf(ref: PolicyRef): MessageInitShape<typeof MetadataSchema> {
  if (ref.type === "default") return madeUp(ref.name);
  const { group, kind, name } = ref;
  return { kind: { case: "resource", value: { group, kind, name } } };
}
