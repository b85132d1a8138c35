/** Whether a pod gets a proxy, and why not (INJ2, INJ3). */

import { annotation, CONFIG, INJECT, type Marks } from "#lib/k8s/annotations.ts";
import type { Pod } from "#lib/k8s/types/core.ts";

/** Linkerd's names of what keeps a pod out of the mesh. */
export type SkipReason =
  | "host_network_enabled"
  | "sidecar_already_exists"
  | "injection_enable_annotation_absent"
  | "injection_disable_annotation_present"
  | "invalid_inject_annotation_at_workload"
  | "invalid_inject_annotation_at_ns";

const SIDECARS = ["linkerd-proxy", "istio-proxy", "linkerd-init", "istio-init"];

/** The first reason against a proxy, or undefined where the pod gets one; the pod's annotation beats its namespace's. */
export function reasonToSkip(pod: Pod, namespace: Marks): SkipReason | undefined {
  if (pod.spec?.hostNetwork === true) return "host_network_enabled";
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  if (containers.some(({ name }) => SIDECARS.includes(name))) return "sidecar_already_exists";
  const own = pod.metadata?.annotations?.[INJECT] ?? "";
  const inherited = namespace?.[INJECT] ?? "";
  // A word that is not known means nobody knows what was wanted, wherever it stands.
  if (!KNOWN.includes(inherited)) return "invalid_inject_annotation_at_ns";
  if (!KNOWN.includes(own)) return "invalid_inject_annotation_at_workload";
  return REASONS[own || inherited];
}

/** What each word leads to; the empty one is no word. */
const REASONS: Readonly<Record<string, SkipReason | undefined>> = {
  enabled: undefined,
  ingress: undefined,
  disabled: "injection_disable_annotation_present",
  "": "injection_enable_annotation_absent",
};
const KNOWN = Object.keys(REASONS);

/** Why a pod must not start as it is: a container that runs as the proxy's user would not be redirected. */
export function reasonToRefuse(
  pod: Pod,
  how: { readonly proxyUid: number; readonly namespace: Marks },
): string | undefined {
  const uid = Number(
    annotation(`${CONFIG}proxy-uid`, {
      pod: pod.metadata?.annotations,
      namespace: how.namespace,
    }) ?? how.proxyUid,
  );
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const same = all.find(
    ({ securityContext }) =>
      (securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser) === uid,
  );
  return same === undefined
    ? undefined
    : `Cannot inject: container ${same.name} runs as user ${uid}, which is the proxy's own; its traffic would not be redirected`;
}
