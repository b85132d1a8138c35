/** Who has which address and port: what the catalog finds objects by. */

import { SERVICE_NAME } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { KeptPod, KeptService, KeptSlice } from "./kept-objects.ts";
import { toServiceView } from "./services.ts";

/** A name in its namespace. */
export type Name = { readonly name: string; readonly namespace: string };

/** `namespace/name`. */
export const slash = ({ metadata }: Pick<KubeObject, "metadata">): string =>
  `${metadata?.namespace ?? ""}/${metadata?.name}`;

/** The keys under which an object stands in an index, and its own. */
export type Entry = readonly [indexes: readonly string[], key: string];

/** Puts an object where it is now, and takes it from where it was. */
export function move(
  index: Map<string, Set<string>>,
  before: Entry | undefined,
  after: Entry | undefined,
): void {
  for (const at of before?.[0] ?? []) {
    const keys = index.get(at);
    keys?.delete(before?.[1] ?? "");
    if (keys?.size === 0) index.delete(at);
  }
  for (const at of after?.[0] ?? [])
    index.set(at, (index.get(at) ?? new Set()).add(after?.[1] ?? ""));
}

const hasEnded = (pod: KeptPod): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/** The addresses of a pod's node; none where they are not known. */
const nodeIps = ({ status }: KeptPod): string[] => distinct(status?.hostIPs, status?.hostIP);

function distinct(all: readonly { readonly ip: string }[] = [], one = ""): string[] {
  return [...new Set([...all.map(({ ip }) => ip), one])].filter((ip) => ip !== "");
}

/** Addresses of its node at which a pod has ports. */
export const hostIps = (pod: KeptPod | undefined): string[] =>
  pod === undefined || hostPorts(pod).length === 0 ? [] : nodeIps(pod);

/** Ports of its node that lead to a pod. */
export function hostPorts(
  pod: KeptPod | undefined,
): readonly { readonly hostPort: number; readonly containerPort: number }[] {
  if (pod === undefined || hasEnded(pod) || pod.spec?.hostNetwork === true) return [];
  if (nodeIps(pod).length === 0) return [];
  const { initContainers = [], containers = [] } = pod.spec ?? {};
  return [...initContainers, ...containers].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, containerPort, protocol = "TCP" }) =>
      hostPort && protocol === "TCP" ? [{ hostPort, containerPort }] : [],
    ),
  );
}

/** Addresses that are the pod's alone: the node's, and those of pods that have ended, are not. */
export function podIps(pod: KeptPod | undefined): string[] {
  if (pod === undefined || hasEnded(pod) || pod.spec?.hostNetwork === true) return [];
  return distinct(pod.status?.podIPs, pod.status?.podIP);
}

/** A Service's own addresses. */
export function serviceIps(service: KeptService | undefined): readonly string[] {
  return service === undefined
    ? []
    : toServiceView(service, { namespace: undefined, opaquePorts: "" }).clusterIps;
}

/** `namespace/name` of a slice's Service. */
export function serviceOf(slice: KeptSlice | undefined): string | undefined {
  const name = slice?.metadata?.labels?.[SERVICE_NAME];
  return name === undefined ? undefined : `${slice?.metadata?.namespace}/${name}`;
}

/** `Kind/namespace/name` of what the endpoints of a slice are. */
export function targetsOf({ metadata, endpoints = [] }: KeptSlice): readonly string[] {
  return endpoints.flatMap(({ targetRef }) => {
    if (targetRef?.kind === undefined || targetRef.name === undefined) return [];
    return [
      `${targetRef.kind}/${targetRef.namespace ?? metadata?.namespace ?? ""}/${targetRef.name}`,
    ];
  });
}

/** The name behind a key. */
export function split(key: string): Name {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
}
