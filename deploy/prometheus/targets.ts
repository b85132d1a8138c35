/** Pods as Prometheus' own Kubernetes discovery has them, for one that was built without it, as Debian's is. */

import { formatSocketAddr } from "#lib/addr/socket-addr.ts";
import type { Container, Pod } from "#lib/k8s/types/core.ts";

/** One address with what is known of it: the form that file_sd and http_sd read. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

const META = "__meta_kubernetes_";

/** Every named port of every container of pods that have an address. */
export function targetsOf(pods: readonly Pod[]): TargetGroup[] {
  return pods.flatMap((pod) => {
    const ip = pod.status?.podIP ?? "";
    if (ip === "") return [];
    const of = (containers: readonly Container[] | undefined, init: boolean): TargetGroup[] =>
      (containers ?? []).flatMap((container) =>
        (container.ports ?? []).map(({ name = "", containerPort }) => ({
          targets: [formatSocketAddr({ ip, port: containerPort })],
          labels: {
            ...labelsOfPod(pod, ip),
            [`${META}pod_container_name`]: container.name,
            [`${META}pod_container_init`]: String(init),
            [`${META}pod_container_port_name`]: name,
            [`${META}pod_container_port_number`]: String(containerPort),
          },
        })),
      );
    return [...of(pod.spec?.containers, false), ...of(pod.spec?.initContainers, true)];
  });
}

function labelsOfPod({ metadata, spec, status }: Pod, ip: string): Record<string, string> {
  const own = Object.entries(metadata?.labels ?? {}).map(([name, value]) => [
    `${META}pod_label_${name.replaceAll(/[^A-Za-z0-9_]/g, "_")}`,
    value,
  ]);
  return {
    [`${META}namespace`]: metadata?.namespace ?? "",
    [`${META}pod_name`]: metadata?.name ?? "",
    [`${META}pod_ip`]: ip,
    [`${META}pod_node_name`]: spec?.nodeName ?? "",
    [`${META}pod_phase`]: status?.phase ?? "",
    ...Object.fromEntries(own),
  };
}
