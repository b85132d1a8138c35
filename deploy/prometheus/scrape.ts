/** What Prometheus scrapes of a mesh, found through Kubernetes: Linkerd's two jobs, and the node agents. */

import { CONTROLLERS, NODE_AGENTS, proxyRelabelings, type Relabeling } from "./relabelings.ts";

/** Which mesh, and how its cluster is found. */
export interface ScrapeOptions {
  readonly namespace: string;
  readonly cniNamespace: string;
  /** Of a Prometheus outside of the cluster; one inside is told by its pod. */
  readonly kubeconfigFile?: string | undefined;
  /** Where `bunkerd diagnostics prometheus-targets --listen` serves, for a Prometheus without Kubernetes' discovery. */
  readonly targetsUrl?: string | undefined;
  /** Where the rules are, from the configuration's folder. */
  readonly rules: string;
}

const INTERVAL = "10s";

/** The configuration, as it is written in YAML. */
export function scrapeConfig(options: ScrapeOptions): object {
  const { namespace, cniNamespace, rules } = options;
  const job = (
    name: string,
    relabelings: readonly Relabeling[],
    namespaces: readonly string[] = [],
  ): object => ({
    job_name: name,
    ...discovery(options, namespaces),
    relabel_configs: [ENDED, ...relabelings].map(inSnakeCase),
  });
  return {
    global: { scrape_interval: INTERVAL, scrape_timeout: INTERVAL, evaluation_interval: INTERVAL },
    rule_files: [rules],
    scrape_configs: [
      job("linkerd-controller", CONTROLLERS, [namespace]),
      job("linkerd-proxy", proxyRelabelings(namespace)),
      job("linkerd-cni", NODE_AGENTS, [cniNamespace]),
    ],
  };
}

function discovery(
  { kubeconfigFile, targetsUrl }: ScrapeOptions,
  names: readonly string[],
): object {
  if (targetsUrl !== undefined)
    return { http_sd_configs: [{ url: targetsUrl, refresh_interval: INTERVAL }] };
  const kubeconfig = kubeconfigFile !== undefined && { kubeconfig_file: kubeconfigFile };
  const namespaces = names.length > 0 && { namespaces: { names } };
  return { kubernetes_sd_configs: [{ role: "pod", ...kubeconfig, ...namespaces }] };
}

/** Nobody answers for a pod that has ended. */
const ENDED: Relabeling = {
  action: "drop",
  sourceLabels: ["__meta_kubernetes_pod_phase"],
  regex: "Failed|Succeeded",
};

/** Prometheus' own spelling. */
function inSnakeCase(relabeling: Relabeling): object {
  return Object.fromEntries(
    Object.entries(relabeling).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
