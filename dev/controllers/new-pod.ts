/** A pod out of a template. */

import type { Pod } from "#lib/k8s/types/core.ts";
import type { KubeObject, ObjectMeta } from "#lib/k8s/types/meta.ts";
import { ownedBy } from "./context.ts";

/** The pod that an owner wants; extra labels are the owner's marks. */
export function newPod(
  owner: KubeObject,
  kind: { readonly apiVersion: string; readonly kind: string },
  how: {
    readonly template: { metadata?: ObjectMeta; spec?: unknown } | undefined;
    readonly labels?: Readonly<Record<string, string>>;
    readonly name?: string;
  },
): Pod {
  const { labels, annotations } = how.template?.metadata ?? {};
  const { name = "", namespace = "" } = owner.metadata ?? {};
  return {
    metadata: {
      ...(how.name === undefined ? { generateName: `${name}-` } : { name: how.name }),
      namespace,
      labels: { ...labels, ...how.labels },
      ...(annotations && { annotations }),
      ownerReferences: ownedBy(owner, kind),
    },
    spec: structuredClone(how.template?.spec),
  } as Pod;
}
