/** What the role `destination` watches for policy. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { type Informer, startInformer } from "#lib/k8s/informer.ts";
import {
  AUTHORIZATION_POLICIES,
  EGRESS_NETWORKS,
  EXTERNAL_WORKLOADS,
  GRPC_ROUTES,
  HTTP_ROUTES,
  LINKERD_HTTP_ROUTES,
  MESH_TLS_AUTHENTICATIONS,
  NETWORK_AUTHENTICATIONS,
  RATE_LIMITS,
  type Resource,
  SERVER_AUTHORIZATIONS,
  SERVERS,
  SERVICE_PROFILES,
  TCP_ROUTES,
  TLS_ROUTES,
} from "#lib/k8s/resource.ts";
import { inServedVersion } from "#lib/k8s/served-version.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { PolicyInformers } from "../index/inbound-objects.ts";
import { keptPolicy, keptWithStatus } from "../index/kept.ts";
import type { KeptPolicy } from "../index/kept-objects.ts";
import type { OutboundInformers } from "../index/outbound-policies.ts";
import { hasMarks } from "../index/shapes.ts";
import type { Surroundings } from "../runtime/role.ts";

/** Newer ones first: before its version 1.5 the Gateway API has only the others. */
const TLS_ROUTE_VERSIONS = ["v1", "v1alpha3", "v1alpha2"];

/** A client that reads and writes kinds of the Gateway API in the versions that the cluster serves. */
export const inServedVersions = (client: KubeClient): KubeClient =>
  inServedVersion(client, { resource: TLS_ROUTES, versions: TLS_ROUTE_VERSIONS });

/** Starts to watch the mesh's own kinds, which must be there, and the Gateway API's, which a cluster may do without. */
export function watchPolicy({ client, clock, random, log }: Surroundings): PolicyInformers &
  Omit<OutboundInformers, "services"> &
  Readonly<{
    serviceProfiles: Informer<KeptPolicy>;
    externalWorkloads: Informer<KeptPolicy>;
  }> {
  const logger = log.target("linkerd_policy_controller");
  const own = {
    ...{ client, clock, random, logger, keep: keptPolicy },
    // Objects of any form are read: what cannot be read of an authorization must not stay in force.
    accepts: hasMarks,
  };
  const watch = (
    resource: Resource<CustomObject>,
    more: { readonly absent?: "empty"; readonly keep?: typeof keptPolicy } = {},
  ): Informer<KeptPolicy> => startInformer<CustomObject>({ ...own, ...more, resource });
  const told = { keep: keptWithStatus };
  const foreign = { ...told, absent: "empty" } as const;
  return {
    servers: watch(SERVERS),
    serverAuthorizations: watch(SERVER_AUTHORIZATIONS),
    authorizationPolicies: watch(AUTHORIZATION_POLICIES),
    meshTlsAuthentications: watch(MESH_TLS_AUTHENTICATIONS),
    networkAuthentications: watch(NETWORK_AUTHENTICATIONS),
    rateLimits: watch(RATE_LIMITS, told),
    egressNetworks: watch(EGRESS_NETWORKS, told),
    externalWorkloads: watch(EXTERNAL_WORKLOADS, told),
    serviceProfiles: watch(SERVICE_PROFILES),
    linkerdHttpRoutes: watch(LINKERD_HTTP_ROUTES, told),
    httpRoutes: watch(HTTP_ROUTES, foreign),
    grpcRoutes: watch(GRPC_ROUTES, foreign),
    tlsRoutes: watch(TLS_ROUTES, foreign),
    tcpRoutes: watch(TCP_ROUTES, foreign),
  };
}
