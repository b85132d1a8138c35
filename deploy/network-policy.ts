/** What may reach a controller's pod: its ports, and nothing else of it. */

import type { IngressRule, NetworkPolicy } from "#lib/k8s/types/networking.ts";
import type { ControllerSpec } from "./controller.ts";
import { createdBy, labelsOf } from "./marks.ts";
import type { Values } from "./values.ts";

/**
 * Its policy. Proxies of the whole cluster call it, so their ports take everybody; the others take those whom the values
 * name, or everybody: where an API server calls from, and a kubelet or a Prometheus, differs from cluster to cluster.
 * What it calls itself is not limited.
 */
export function networkPolicy(spec: ControllerSpec, values: Values): NetworkPolicy {
  const { component, ports, adminPort } = spec;
  const { inbound, control, admin } = values.proxy.ports;
  const { webhookSources, adminSources } = values.networkPolicy;
  const numbers = (webhook: boolean): number[] =>
    ports.filter((each) => (each.webhook ?? false) === webhook).map(({ port }) => port);
  const rules = [
    rule([inbound, control, ...numbers(false)], []),
    rule([admin, adminPort], adminSources),
    rule(numbers(true), webhookSources),
  ];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: `linkerd-${component}`,
      namespace: values.namespace,
      labels: labelsOf(component, values),
      annotations: createdBy(values),
    },
    spec: {
      podSelector: { matchLabels: labelsOf(component, values) },
      policyTypes: ["Ingress"],
      ingress: rules.filter(({ ports: all = [] }) => all.length > 0),
    },
  };
}

function rule(ports: readonly number[], sources: readonly string[]): IngressRule {
  return {
    ports: ports.map((port) => ({ port, protocol: "TCP" })),
    ...(sources.length > 0 && { from: sources.map((cidr) => ({ ipBlock: { cidr } })) }),
  };
}
