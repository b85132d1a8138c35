/** The destination controller: discovery and policy for every proxy. */

import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { controllerService, controllerWorkload } from "./controller.ts";
import { labelsOf } from "./marks.ts";
import { account, type Rule, WATCH } from "./rbac.ts";
import type { Values } from "./values.ts";

const DESTINATION = { name: "grpc", port: 8086, targetPort: 8086 };
const POLICY = { name: "grpc", port: 8090, targetPort: 8090 };

const watched = (group: string, ...resources: string[]): Rule => ({
  group,
  resources,
  verbs: WATCH,
});
const written = (group: string, ...resources: string[]): Rule => ({
  group,
  resources: resources.map((resource) => `${resource}/status`),
  verbs: ["patch"],
});

const GATEWAY = "gateway.networking.k8s.io";
const GATEWAY_ROUTES = ["httproutes", "grpcroutes", "tlsroutes", "tcproutes"];

const CLUSTER: readonly Rule[] = [
  watched("", "pods", "services", "namespaces", "nodes"),
  watched("discovery.k8s.io", "endpointslices"),
  watched("apps", "replicasets"),
  watched("batch", "jobs"),
  watched(
    "policy.linkerd.io",
    "authorizationpolicies",
    "egressnetworks",
    "httplocalratelimitpolicies",
    "httproutes",
    "meshtlsauthentications",
    "networkauthentications",
    "serverauthorizations",
    "servers",
  ),
  watched("linkerd.io", "serviceprofiles"),
  watched("workload.linkerd.io", "externalworkloads"),
  watched(GATEWAY, ...GATEWAY_ROUTES),
  written("policy.linkerd.io", "egressnetworks", "httplocalratelimitpolicies", "httproutes"),
  written(GATEWAY, ...GATEWAY_ROUTES),
];

const LOCAL: readonly Rule[] = [
  {
    group: "coordination.k8s.io",
    resources: ["leases"],
    verbs: ["get", "create", "update", "patch"],
  },
];

/** Its objects; the account's come first. */
export function renderDestination(values: Values): KubeObject[] {
  const { namespace } = values;
  const service = { values, component: "destination" } as const;
  return [
    ...account({
      name: "linkerd-destination",
      namespace,
      clusterName: `linkerd-${namespace}-destination`,
      labels: labelsOf("destination", values),
      cluster: CLUSTER,
      local: LOCAL,
    }),
    controllerService("linkerd-dst", { ...service, port: DESTINATION }),
    controllerService("linkerd-dst-headless", { ...service, port: DESTINATION, headless: true }),
    controllerService("linkerd-policy", { ...service, port: POLICY, headless: true }),
    ...controllerWorkload(
      {
        component: "destination",
        args: destinationArgs(values),
        ports: [
          { name: "dest-grpc", port: DESTINATION.port },
          { name: "policy-grpc", port: POLICY.port },
        ],
        adminPort: 9996,
        volumes: [],
      },
      values,
    ),
  ];
}

/** Flags of Linkerd's destination controller, then of its policy controller. */
function destinationArgs(values: Values): string[] {
  return [
    `-addr=:${DESTINATION.port}`,
    "-metrics-addr=:9996",
    `-controller-namespace=${values.namespace}`,
    `-cluster-domain=${values.clusterDomain}`,
    `-identity-trust-domain=${values.identityTrustDomain}`,
    `-default-opaque-ports=${values.proxy.opaquePorts}`,
    `-enable-h2-upgrade=${values.enableH2Upgrade}`,
    `-grpc-addr=0.0.0.0:${POLICY.port}`,
    `-default-policy=${values.proxy.defaultInboundPolicy}`,
    `-cluster-networks=${values.clusterNetworks}`,
    `-probe-networks=${values.policyController.probeNetworks.join(",")}`,
    `-global-egress-network-namespace=${values.egress.globalEgressNetworkNamespace}`,
  ];
}
