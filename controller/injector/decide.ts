/** Whether a pod gets a proxy, and why not (INJ2, INJ3). */

import { type Annotations, readInject } from "#lib/k8s/annotations.ts";
import type { Pod } from "#lib/k8s/types/core.ts";

/** Linkerd's names of what keeps a pod out of the mesh. */
export type SkipReason =
  | "host_network_enabled"
  | "sidecar_already_exists"
  | "injection_enable_annotation_absent"
  | "injection_disable_annotation_present"
  | "invalid_inject_annotation_at_workload"
  | "invalid_inject_annotation_at_ns";

const PROXY_UID = "config.linkerd.io/proxy-uid";
const SIDECARS = ["linkerd-proxy", "istio-proxy", "linkerd-init", "istio-init"];

/** The first reason against a proxy, or undefined where the pod gets one; the pod's annotation beats its namespace's. */
export function reasonToSkip(pod: Pod, namespace: Annotations | undefined): SkipReason | undefined {
  if (pod.spec?.hostNetwork === true) return "host_network_enabled";
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  if (containers.some(({ name }) => SIDECARS.includes(name))) return "sidecar_already_exists";
  const own = readInject(pod.metadata?.annotations ?? {});
  if (own !== "absent") return REASONS_AT_POD[own];
  return REASONS_AT_NAMESPACE[readInject(namespace ?? {})];
}

type Said = Exclude<ReturnType<typeof readInject>, "absent">;

const REASONS_AT_POD: Readonly<Record<Said, SkipReason | undefined>> = {
  enabled: undefined,
  ingress: undefined,
  disabled: "injection_disable_annotation_present",
  invalid: "invalid_inject_annotation_at_workload",
};

const REASONS_AT_NAMESPACE: Readonly<Record<Said | "absent", SkipReason | undefined>> = {
  ...REASONS_AT_POD,
  invalid: "invalid_inject_annotation_at_ns",
  absent: "injection_enable_annotation_absent",
};

/** Why a pod must not start as it is: a container that runs as the proxy's user would not be redirected. */
export function reasonToRefuse(
  pod: Pod,
  how: { readonly proxyUid: number; readonly namespace: Annotations | undefined },
): string | undefined {
  const uid = Number(
    pod.metadata?.annotations?.[PROXY_UID] ?? how.namespace?.[PROXY_UID] ?? how.proxyUid,
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
