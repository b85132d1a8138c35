/** Inbound server policies into the proxy's own types. */

import { Cidr } from "#lib/addr/cidr.ts";
import type {
  Authn,
  Authz,
  GrpcRoute,
  HttpLocalRateLimit,
  HttpRoute,
  Server,
} from "#lib/api/gen/proxy/inbound_pb.ts";
import type { Metadata as MetadataMessage } from "#lib/api/gen/proxy/meta_pb.ts";
import type { IPNetwork } from "#lib/api/gen/proxy/net_pb.ts";
import { LOCALHOST_AUTHORIZATION } from "../policy/default-policy.ts";
import { type InboundRoute, prepareInbound } from "../policy/inbound-routes.ts";
import type { RateLimit } from "../policy/rate-limit.ts";
import type { RequestMatch } from "../policy/request-match.ts";
import type {
  Authentication,
  Authorization,
  ServerLabels,
  ServerPolicy,
} from "../policy/server-policy.ts";
import { toIp, toMetadata, toMs } from "./convert.ts";
import { type FilterKind, toFilter } from "./convert-filter.ts";
import { toGrpcMatch, toHost, toHttpMatch } from "./convert-match.ts";
import { demand } from "./demands.ts";
import { PolicyError } from "./policy-error.ts";

/** Reads a server; what cannot be known of it makes it one that lets nobody in, not even from the pod itself. */
export function toServerPolicy(message: Server): ServerPolicy {
  try {
    return read(message);
  } catch (error) {
    if (error instanceof PolicyError) return denied();
    throw error;
  }
}

/** Of each port its own, as series are kept by the policy that they are of. */
const denied = (): ServerPolicy => ({
  protocol: { type: "detect", timeoutMs: 10_000 },
  authorizations: [],
  routes: prepareInbound([], []),
  rateLimit: undefined,
  labels: { group: "", kind: "default", name: "invalid" },
});

function read({ protocol: message, labels, authorizations: given }: Server): ServerPolicy {
  const kind = demand(message?.kind.case && message.kind, "the protocol");
  const authorizations = [LOCALHOST_AUTHORIZATION, ...given.map(toAuthorization)];
  const { protocol, routes, limit } = toProtocol(kind);
  return {
    protocol,
    authorizations,
    routes: prepareInbound(routes, authorizations),
    rateLimit: limit && toRateLimit(limit),
    labels: {
      group: labels["group"] ?? "policy.linkerd.io",
      kind: labels["kind"] ?? "server",
      name: demand(labels["name"], "the name"),
    },
  };
}

type Kind = NonNullable<Server["protocol"]>["kind"];

function toProtocol(kind: Kind & { readonly case: string }): {
  readonly protocol: ServerPolicy["protocol"];
  readonly routes: readonly InboundRoute[];
  readonly limit?: HttpLocalRateLimit | undefined;
} {
  switch (kind.case) {
    case "detect": {
      const { timeout, httpRoutes, httpLocalRateLimit: limit } = kind.value;
      const timeoutMs = toMs(demand(timeout, "the time for detection"), 0);
      return {
        protocol: { type: kind.case, timeoutMs },
        routes: httpRoutes.map(toHttpRoute),
        limit,
      };
    }
    case "http1":
    case "http2": {
      const { routes, localRateLimit: limit } = kind.value;
      return { protocol: { type: kind.case }, routes: routes.map(toHttpRoute), limit };
    }
    case "grpc":
      return { protocol: { type: kind.case }, routes: kind.value.routes.map(toGrpcRoute) };
    case "opaque":
    case "tls":
      return { protocol: { type: kind.case }, routes: [] };
  }
}

const toHttpRoute = ({ rules, ...head }: HttpRoute): InboundRoute => ({
  ...toHead(head),
  rules: rules.map(({ matches, filters }) => toRule(matches.map(toHttpMatch), filters)),
});

const toGrpcRoute = ({ rules, ...head }: GrpcRoute): InboundRoute => ({
  ...toHead(head),
  rules: rules.map(({ matches, filters }) => toRule(matches.map(toGrpcMatch), filters)),
});

function toHead({
  metadata,
  hosts,
  authorizations,
}: Pick<HttpRoute, "metadata" | "hosts" | "authorizations">): Omit<InboundRoute, "rules"> {
  return {
    labels: toMetadataLabels(metadata),
    hosts: hosts.map(toHost),
    authorizations: authorizations.map(toAuthorization),
  };
}

/** A filter of a kind that is not known refuses the requests of its rule, and no more. */
function toRule(
  matches: readonly RequestMatch[],
  filters: readonly { readonly kind: FilterKind }[],
): InboundRoute["rules"][number] {
  const fault = filters.some(({ kind }) => kind.case === undefined) ? "unknown filter" : undefined;
  return { matches, filters: fault === undefined ? filters.map(toFilter) : [], fault };
}

function toMetadataLabels(message: MetadataMessage | undefined): ServerLabels {
  const { group, kind, name } = toMetadata(message);
  return { group, kind, name };
}

/** Reads an authorization; throws PolicyError where it would allow more than was written. */
function toAuthorization(message: Authz): Authorization {
  const { networks, authentication, metadata } = message;
  if (networks.length === 0)
    throw new PolicyError("authorization", "an authorization has no network");
  return {
    networks: networks.map(({ net, except }) => ({ net: toCidr(net), except: except.map(toCidr) })),
    authentication: toAuthentication(authentication),
    labels: metadata === undefined ? toOldLabels(message) : toMetadataLabels(metadata),
  };
}

const toOldLabels = ({ labels }: Authz): ServerLabels => ({
  group: labels["group"] ?? "",
  kind: labels["kind"] ?? "serverauthorization",
  name: labels["name"] ?? "",
});

function toAuthentication(message: Authn | undefined): Authentication {
  const permit = message?.permit;
  if (permit?.case === "unauthenticated") return { type: "unauthenticated" };
  const clients = permit?.case === "meshTLS" ? permit.value.clients : undefined;
  switch (clients?.case) {
    case "unauthenticated":
      return { type: "tls-unauthenticated" };
    case "identities":
      return {
        type: "identities",
        identities: new Set(clients.value.identities.map(({ name }) => name)),
        suffixes: clients.value.suffixes.map(toSuffix),
      };
    case undefined:
      throw new PolicyError("authorization", "an authorization does not say whom it allows");
  }
}

/** Without parts it is that of any identity; an empty part would read as if it had none. */
function toSuffix({ parts }: { readonly parts: readonly string[] }): string {
  if (parts.includes("")) throw new PolicyError("authorization", "a suffix has an empty part");
  return parts.join(".");
}

/** Bits before the address of IPv4 in one that is mapped to IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED_BITS = 96;

function toCidr(message: IPNetwork | undefined): Cidr {
  const ip = toIp(message?.ip);
  const isMapped = message?.ip?.ip.case === "ipv6" && ip?.includes(":") === false;
  const length = (message?.prefixLen ?? 0) - (isMapped ? MAPPED_BITS : 0);
  const cidr = ip === undefined || length < 0 ? undefined : Cidr.parse(`${ip}/${length}`);
  if (cidr === undefined) throw new PolicyError("authorization", "a network is none");
  return cidr;
}

function toRateLimit({ metadata, total, identity, overrides }: HttpLocalRateLimit): RateLimit {
  return {
    labels: toMetadataLabels(metadata),
    total: total?.requestsPerSecond ?? 0,
    identity: identity?.requestsPerSecond ?? 0,
    overrides: overrides.map(({ limit, clients }) => ({
      limit: limit?.requestsPerSecond ?? 0,
      clients: (clients?.identities ?? []).map(({ name }) => name),
    })),
  };
}
