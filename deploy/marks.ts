/** Labels and annotations of the mesh's own objects. */

import { CONTROL_PLANE_COMPONENT, CONTROL_PLANE_NS, CREATED_BY } from "#lib/k8s/annotations.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Values } from "./values.ts";

/** Labels of everything that belongs to a part of the control plane. */
export function labelsOf(component: string, { namespace }: Values): Record<string, string> {
  return { [CONTROL_PLANE_COMPONENT]: component, [CONTROL_PLANE_NS]: namespace };
}

/** The annotation that says which program made an object. */
export function createdBy({ linkerdVersion }: Values): Record<string, string> {
  return { [CREATED_BY]: `linkerd/cli ${linkerdVersion}` };
}

/** Objects with the labels that users want on all of them; the mesh's own win. */
export function withCommonLabels<T extends KubeObject>(
  objects: readonly T[],
  { commonLabels }: Values,
): T[] {
  return objects.map((object) => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...commonLabels, ...object.metadata?.labels } },
  }));
}
