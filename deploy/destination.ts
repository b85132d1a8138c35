/** The destination controller: discovery and policy for every proxy, and what validates policy. */

import { STATUS_LEASE } from "#lib/k8s/lease.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Certificates } from "./certificates.ts";
import { controllerService, controllerWorkload } from "./controller.ts";
import { labelsOf } from "./marks.ts";
import { GATEWAY_ROUTES, POLICY_RESOURCES } from "./policy-resources.ts";
import { account, type Rule, WATCH } from "./rbac.ts";
import { renderValidators, VALIDATOR_PARTS, VALIDATOR_RIGHTS } from "./validators.ts";
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

const CLUSTER: readonly Rule[] = [
  watched("", "pods", "services", "namespaces", "nodes"),
  watched("discovery.k8s.io", "endpointslices"),
  watched("apps", "replicasets"),
  watched("batch", "jobs"),
  watched("policy.linkerd.io", ...POLICY_RESOURCES),
  watched("linkerd.io", "serviceprofiles"),
  watched("workload.linkerd.io", "externalworkloads"),
  watched(GATEWAY, ...GATEWAY_ROUTES),
  written("policy.linkerd.io", "egressnetworks", "httplocalratelimitpolicies", "httproutes"),
  written(GATEWAY, ...GATEWAY_ROUTES),
  // Of workloads outside of the cluster; API servers let nobody be bound to some slices only.
  {
    group: "discovery.k8s.io",
    resources: ["endpointslices"],
    verbs: ["create", "update", "delete"],
  },
  ...VALIDATOR_RIGHTS.cluster,
];

const LOCAL: readonly Rule[] = [
  ...VALIDATOR_RIGHTS.local,
  {
    group: "coordination.k8s.io",
    resources: ["leases"],
    verbs: ["get", "update"],
    names: ["linkerd-destination-endpoint-write", STATUS_LEASE],
  },
];

/** Its objects: the account's come first, the webhooks last, when somebody serves them. */
export function renderDestination(
  values: Values,
  certificates: Pick<Certificates, "policyValidator" | "profileValidator">,
): KubeObject[] {
  const { namespace } = values;
  const validators = renderValidators(values, certificates);
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
    ...validators.before,
    ...controllerWorkload(
      {
        ...VALIDATOR_PARTS,
        component: "destination",
        args: [...destinationArgs(values), ...VALIDATOR_PARTS.args],
        ports: [
          { name: "dest-grpc", port: DESTINATION.port },
          { name: "policy-grpc", port: POLICY.port },
          ...VALIDATOR_PARTS.ports,
        ],
        adminPort: 9996,
      },
      values,
    ),
    ...validators.after,
  ];
}

/** As Linkerd's chart has them: a peer that is silent is noticed. */
const HTTP2_PARAMS = {
  keep_alive: { interval: { seconds: 10 }, timeout: { seconds: 3 }, while_idle: true },
};

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
    values.disableIPv6 ? "-enable-ipv6=false" : "-enable-ipv6=true",
    `-grpc-addr=[::]:${POLICY.port}`,
    `-default-policy=${values.proxy.defaultInboundPolicy}`,
    `-cluster-networks=${values.clusterNetworks}`,
    `-probe-networks=${values.policyController.probeNetworks.join(",")}`,
    `-global-egress-network-namespace=${values.egress.globalEgressNetworkNamespace}`,
    `-meshed-http2-client-params=${JSON.stringify(HTTP2_PARAMS)}`,
  ];
}
