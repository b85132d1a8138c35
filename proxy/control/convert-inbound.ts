/** Inbound server policies into the proxy's own types. */

import { Cidr } from "#lib/addr/cidr.ts";
import type { Authn, Authz, Server } from "#lib/api/gen/proxy/inbound_pb.ts";
import type { IPNetwork } from "#lib/api/gen/proxy/net_pb.ts";
import { LOCALHOST_AUTHORIZATION } from "../policy/default-policy.ts";
import type {
  Authentication,
  Authorization,
  ServerLabels,
  ServerPolicy,
} from "../policy/server-policy.ts";
import { toIp, toMetadata, toMs } from "./convert.ts";

/** Reads a server; undefined where it is invalid, which the proxy takes as a policy without any authorization. */
export function toServerPolicy(message: Server): ServerPolicy | undefined {
  const protocol = toProtocol(message.protocol?.kind);
  const authorizations = message.authorizations.map(toAuthorization);
  const name = message.labels["name"];
  if (protocol === undefined || name === undefined || authorizations.includes(undefined))
    return undefined;
  return {
    protocol,
    authorizations: [LOCALHOST_AUTHORIZATION, ...authorizations.flatMap((each) => each ?? [])],
    labels: {
      group: message.labels["group"] ?? "policy.linkerd.io",
      kind: message.labels["kind"] ?? "server",
      name,
    },
  };
}

type Kind = NonNullable<Server["protocol"]>["kind"];

function toProtocol(kind: Kind | undefined): ServerPolicy["protocol"] | undefined {
  switch (kind?.case) {
    case "detect":
      return { type: "detect", timeoutMs: toMs(kind.value.timeout, 10_000) };
    case "http1":
    case "http2":
    case "grpc":
    case "opaque":
    case "tls":
      return { type: kind.case };
    case undefined:
      return undefined;
  }
}

function toAuthorization(message: Authz): Authorization | undefined {
  const authentication = toAuthentication(message.authentication);
  const networks = message.networks.map(({ net, except }) => ({
    net: toCidr(net),
    except: except.flatMap((each) => toCidr(each) ?? []),
  }));
  if (authentication === undefined || networks.length === 0) return undefined;
  const known: Authorization["networks"][number][] = [];
  for (const { net, except } of networks) {
    if (net === undefined) return undefined;
    known.push({ net, except });
  }
  return { networks: known, authentication, labels: toLabels(message) };
}

function toLabels({ metadata, labels }: Authz): ServerLabels {
  if (metadata !== undefined) {
    const { group, kind, name } = toMetadata(metadata);
    return { group, kind, name };
  }
  return {
    group: labels["group"] ?? "",
    kind: labels["kind"] ?? "serverauthorization",
    name: labels["name"] ?? "",
  };
}

function toAuthentication(message: Authn | undefined): Authentication | undefined {
  const permit = message?.permit;
  if (permit?.case === "unauthenticated") return { type: "unauthenticated" };
  if (permit?.case !== "meshTLS") return undefined;
  const { clients } = permit.value;
  switch (clients.case) {
    case "unauthenticated":
      return { type: "tls-unauthenticated" };
    case "identities":
      return {
        type: "identities",
        identities: new Set(clients.value.identities.map(({ name }) => name)),
        suffixes: clients.value.suffixes.map(({ parts }) => parts.join(".")),
      };
    case undefined:
      return undefined;
  }
}

function toCidr(message: IPNetwork | undefined): Cidr | undefined {
  const ip = toIp(message?.ip);
  return ip === undefined ? undefined : Cidr.parse(`${ip}/${message?.prefixLen}`);
}
