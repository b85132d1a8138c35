/** Checks of category linkerd-data-plane about labels and annotations that stand where nobody reads them. */

import { CONFIG, INJECT } from "#lib/k8s/annotations.ts";
import { PODS, SERVICES } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { type Check, expectNone, type Target } from "./check.ts";

/** What a Service is labelled with so that other clusters see it. */
const EXPORTED = "mirror.linkerd.io/exported";

const isAnnotation = (key: string): boolean =>
  key.startsWith(CONFIG) || key.startsWith("config.alpha.linkerd.io/") || key === INJECT;

/** `namespace/name` with the keys that are misplaced, a line each. */
function misplaced(
  objects: readonly KubeObject[],
  keysOf: (object: KubeObject) => readonly string[],
): string[] {
  return objects.flatMap((object) =>
    keysOf(object).map((key) => `${object.metadata?.namespace}/${object.metadata?.name}: ${key}`),
  );
}

const misplacedLabels = ({ metadata }: KubeObject): string[] =>
  Object.keys(metadata?.labels ?? {}).filter(isAnnotation);

const own = async (
  target: Target,
  resource: typeof PODS | typeof SERVICES,
): Promise<KubeObject[]> =>
  (await target.client.list<KubeObject>(resource, { namespace: target.namespace })).items;

/** The checks. */
export const MARKS: readonly Check[] = [
  {
    description: "data plane pod labels are configured correctly",
    anchor: "l5d-data-plane-pod-labels",
    severity: "warning",
    run: async (target) =>
      expectNone(
        "Some labels on data plane pods should be annotations",
        misplaced(await own(target, PODS), misplacedLabels),
      ),
  },
  {
    description: "data plane service labels are configured correctly",
    anchor: "l5d-data-plane-services-labels",
    severity: "warning",
    run: async (target) =>
      expectNone(
        "Some labels on data plane services should be annotations",
        misplaced(await own(target, SERVICES), misplacedLabels),
      ),
  },
  {
    description: "data plane service annotations are configured correctly",
    anchor: "l5d-data-plane-services-annotations",
    severity: "warning",
    run: async (target) =>
      expectNone(
        "Some annotations on data plane services should be labels",
        misplaced(await own(target, SERVICES), ({ metadata }) =>
          Object.keys(metadata?.annotations ?? {}).filter((key) => key === EXPORTED),
        ),
      ),
  },
];
