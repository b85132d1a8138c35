/** What tells the Prometheus operator to scrape the mesh. */

import { CONTROL_PLANE_NS } from "#lib/k8s/annotations.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { createdBy, labelsOf } from "../marks.ts";
import type { Values } from "../values.ts";
import { CONTROLLERS, proxyRelabelings, type Relabeling } from "./relabelings.ts";

/** A PodMonitor, as far as the mesh writes it. */
export type PodMonitor = KubeObject & {
  readonly spec: {
    readonly namespaceSelector: { readonly any?: boolean; readonly matchNames?: readonly string[] };
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly podMetricsEndpoints: readonly {
      readonly interval: string;
      readonly scrapeTimeout: string;
      readonly relabelings: readonly Relabeling[];
    }[];
  };
};

/** Those that the values ask for. */
export function podMonitors(values: Values): PodMonitor[] {
  const { enabled, controller, proxy } = values.podMonitor;
  const { namespace } = values;
  const monitors = [
    ...(controller.enabled
      ? [
          podMonitor(values, {
            name: "linkerd-controller",
            namespaces: { matchNames: [namespace] },
            relabelings: CONTROLLERS,
          }),
        ]
      : []),
    ...(proxy.enabled
      ? [
          podMonitor(values, {
            name: "linkerd-proxy",
            namespaces: { any: true },
            relabelings: proxyRelabelings(namespace),
          }),
        ]
      : []),
  ];
  return enabled ? monitors : [];
}

type Target = {
  readonly name: string;
  readonly namespaces: PodMonitor["spec"]["namespaceSelector"];
  readonly relabelings: readonly Relabeling[];
};

function podMonitor(values: Values, { name, namespaces, relabelings }: Target): PodMonitor {
  const { labels, scrapeInterval, scrapeTimeout } = values.podMonitor;
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: {
      name,
      namespace: values.namespace,
      labels: { ...labels, ...labelsOf("controller", values) },
      annotations: createdBy(values),
    },
    spec: {
      namespaceSelector: namespaces,
      selector: { matchLabels: { [CONTROL_PLANE_NS]: values.namespace } },
      podMetricsEndpoints: [{ interval: scrapeInterval, scrapeTimeout, relabelings }],
    },
  };
}
