/** Whether a pod gets a proxy, and why not (INJ2, INJ3). */

import { BUNKERD_CONFIG, CONFIG, INJECT, type Marks } from "#lib/k8s/annotations.ts";
import type { Container, Pod } from "#lib/k8s/types/core.ts";
import { quoted } from "./mark-reader.ts";
import { entriesOf, isPortRange } from "./ports.ts";
import { INBOUND_POLICY, type Settings } from "./settings.ts";

/** What each reason that keeps a pod out of the mesh means. The names are Linkerd's, the last one aside. */
export const SKIP_SENTENCES = {
  host_network_enabled: "hostNetwork is on: the node's own network is not redirected",
  sidecar_already_exists: "the pod has a sidecar of a mesh already",
  unsupported_resource: "the proxy does not run in such a pod",
  injection_enable_annotation_absent:
    "neither the pod nor its namespace has the annotation linkerd.io/inject: enabled",
  injection_disable_annotation_present:
    "the annotation linkerd.io/inject of the pod or its namespace is disabled",
  invalid_inject_annotation_at_workload:
    "the pod's annotation linkerd.io/inject is neither enabled, ingress nor disabled",
  invalid_inject_annotation_at_ns:
    "the namespace's annotation linkerd.io/inject is neither enabled, ingress nor disabled",
  proxy_port_in_use:
    "a container has one of the proxy's own ports; annotations such as config.linkerd.io/admin-port move them",
} as const;
export type SkipReason = keyof typeof SKIP_SENTENCES;

const SIDECARS = [
  "linkerd-proxy",
  "istio-proxy",
  "linkerd-init",
  "istio-init",
  "linkerd-network-validator",
];
/** Images of the same, wherever they were copied to. */
const SIDECAR_IMAGE =
  /(?:^|\/)(?:linkerd(?:-io)?\/proxy(?:-init)?|istio(?:-release)?\/(?:proxyv2|proxy_init))(?:[:@]|$)/;
/** What the API server keeps for a pod that a node runs from a file: nothing can be added to it. */
const MIRROR = "kubernetes.io/config.mirror";
const OS_LABEL = "kubernetes.io/os";

/** The containers that a pod is created with. */
export function containersOf({ spec }: Pod): readonly Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}

/** The first reason against a proxy, or undefined where the pod gets one; the pod's annotation beats its namespace's. */
export function reasonToSkip(pod: Pod, namespace: Marks): SkipReason | undefined {
  if (pod.spec?.hostNetwork === true) return "host_network_enabled";
  const hasSidecar = containersOf(pod).some(
    ({ name, image = "" }) => SIDECARS.includes(name) || SIDECAR_IMAGE.test(image),
  );
  if (hasSidecar) return "sidecar_already_exists";
  if (!isSupported(pod)) return "unsupported_resource";
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

function isSupported({ metadata, spec }: Pod): boolean {
  if (metadata?.annotations?.[MIRROR] !== undefined) return false;
  return (spec?.os?.name ?? spec?.nodeSelector?.[OS_LABEL] ?? "linux") === "linux";
}

/** Whether an application would find one of its ports taken by the proxy. */
export function portInUse(pod: Pod, { ports }: Settings): boolean {
  const own: readonly number[] = Object.values(ports);
  return containersOf(pod).some((container) =>
    (container.ports ?? []).some(
      ({ containerPort, protocol = "TCP" }) => protocol === "TCP" && own.includes(containerPort),
    ),
  );
}

/**
 * Why a pod must not start as it is. One that is to be meshed: who may connect to it cannot be read, or a container
 * runs as the proxy's user and would not be redirected.
 */
export function reasonToRefuse(
  pod: Pod,
  how: { readonly settings: Settings; readonly namespace: Marks },
): string | undefined {
  const { settings, namespace } = how;
  const read = (name: string): string =>
    (pod.metadata?.annotations?.[CONFIG + name] ?? namespace?.[CONFIG + name] ?? "").trim();
  const policy = read("default-inbound-policy");
  if (policy !== "" && !INBOUND_POLICY.test(policy))
    return `Cannot inject: annotation ${CONFIG}default-inbound-policy is ${quoted(policy)}; it must be all-unauthenticated, all-authenticated, cluster-unauthenticated, cluster-authenticated, deny or audit`;
  const portNames = containersOf(pod).flatMap(({ ports }) => (ports ?? []).map(({ name }) => name));
  const unreadable = entriesOf(read("proxy-require-identity-inbound-ports")).find(
    (each) => !isPortRange(each) && !portNames.includes(each),
  );
  if (unreadable !== undefined)
    return `Cannot inject: annotation ${CONFIG}proxy-require-identity-inbound-ports has ${quoted(unreadable)}, which is neither a port, a range nor the name of one of the pod's ports`;
  const same = containersOf(pod).find(
    ({ securityContext }) =>
      (securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser) === settings.uid,
  );
  return same === undefined
    ? undefined
    : `Cannot inject: container ${same.name} runs as user ${settings.uid}, which is the proxy's own; its traffic would not be redirected. Give the container another runAsUser, or the proxy one by annotation ${CONFIG}proxy-uid`;
}

/** The annotation of a namespace that wants no pod outside the mesh. */
const REQUIRE_MESH = `${BUNKERD_CONFIG}require-mesh`;

/** Why a pod that gets no proxy must not start: its namespace demands one, and a pod cannot waive that. */
export function reasonToDemand(
  pod: Pod,
  how: { readonly skipped: SkipReason; readonly namespace: Marks },
): string | undefined {
  const demanded = how.namespace?.[REQUIRE_MESH] ?? "";
  if (["", "disabled", "false"].includes(demanded)) return undefined;
  if (containersOf(pod).some(({ name }) => name === "linkerd-proxy")) return undefined;
  return `Cannot admit: the namespace's annotation ${REQUIRE_MESH} demands a proxy, and ${SKIP_SENTENCES[how.skipped]}`;
}
