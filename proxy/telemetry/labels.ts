/** Who called whom, as metric labels (metrics.md, section 1). */

import { formatSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import type { ClientTls } from "../policy/authorization.ts";
import type { Endpoint, Metadata } from "../policy/client-policy.ts";
import type { ServerLabels } from "../policy/server-policy.ts";

/** LBL2: the address that was meant. */
export function targetLabels(target: SocketAddr): Labels {
  return {
    target_addr: formatSocketAddr(target),
    target_ip: target.ip,
    target_port: String(target.port),
  };
}

/** LBL1 on the server side: how the client proved itself. */
export function clientTlsLabels(tls: ClientTls): Labels {
  switch (tls.type) {
    case "identity":
      return { tls: "true", client_id: tls.name };
    case "unauthenticated":
      return { tls: "true", client_id: "" };
    case "none":
      return { tls: "no_identity", no_tls_reason: tls.reason };
    case "opaque":
      return { tls: "opaque", sni: tls.sni };
  }
}

/** LBL1 on the client side: which identity the endpoint proves, or why none. */
export function serverTlsLabels(endpoint: Endpoint, local: boolean): Labels {
  if (endpoint.identity !== undefined && !local)
    return { tls: "true", server_id: endpoint.identity.name };
  return {
    tls: "no_identity",
    no_tls_reason: local
      ? "loopback"
      : (endpoint.plainReason ?? "not_provided_by_service_discovery"),
  };
}

/** LBL5: what discovery says of an endpoint. */
export function destinationLabels({ labels }: Endpoint): Labels {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [`dst_${name}`, value]));
}

/** The server part of LBL4. */
export function serverLabels(server: ServerLabels, port: number): Labels {
  return {
    srv_group: server.group,
    srv_kind: server.kind,
    srv_name: server.name,
    srv_port: String(port),
  };
}

/** LBL7: the server as a parent of its routes. */
export function parentLabels(server: ServerLabels, port: number): Labels {
  return {
    parent_group: server.group,
    parent_kind: server.kind,
    parent_name: server.name,
    parent_port: String(port),
  };
}

/** The route or authorization part of LBL4, and the like of a rate limit (MET10). */
export function policyLabels(
  prefix: "route" | "authz" | "ratelimit",
  labels: ServerLabels,
): Labels {
  return {
    [`${prefix}_group`]: labels.group,
    [`${prefix}_kind`]: labels.kind,
    [`${prefix}_name`]: labels.name,
  };
}

/** LBL6: parent, route or backend of an outbound policy. */
export function resourceLabels(prefix: "parent" | "backend", metadata: Metadata): Labels {
  return {
    [`${prefix}_group`]: metadata.group,
    [`${prefix}_kind`]: metadata.kind,
    [`${prefix}_namespace`]: metadata.namespace,
    [`${prefix}_name`]: metadata.name,
    [`${prefix}_port`]: metadata.port === 0 ? "" : String(metadata.port),
    [`${prefix}_section_name`]: metadata.section,
  };
}

/** LBL6: the route of an outbound policy. */
export function routeLabels(metadata: Metadata): Labels {
  return {
    route_group: metadata.group,
    route_kind: metadata.kind,
    route_namespace: metadata.namespace,
    route_name: metadata.name,
  };
}
