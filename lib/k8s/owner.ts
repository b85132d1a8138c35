/** Whom a pod belongs to. */

import type { ObjectMeta, OwnerReference } from "./types/meta.ts";

/** A workload and the kind that it is of. */
export type Owner = { readonly kind: string; readonly name: string };

type Owned = { readonly metadata?: Pick<ObjectMeta, "labels" | "ownerReferences"> };

/** The object that made a pod, as the pod names it. */
export function ownerReference({ metadata }: Owned): OwnerReference | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller !== false);
}

/** The workload that a pod belongs to: a ReplicaSet named after a Deployment and its hash stands for that. */
export function ownerOf(pod: Owned): Owner | undefined {
  const owner = ownerReference(pod);
  if (owner === undefined) return undefined;
  const { kind, name } = owner;
  const hash = pod.metadata?.labels?.["pod-template-hash"];
  return kind === "ReplicaSet" && hash !== undefined && name.endsWith(`-${hash}`)
    ? { kind: "Deployment", name: name.slice(0, -hash.length - 1) }
    : { kind, name };
}
