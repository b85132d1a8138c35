/** What a request for logs or a session is about: which container, on which node. */

import { ApiError } from "./api-error.ts";
import type { NodeApi } from "./node-api.ts";
import { type ApiObject, at, listOf } from "./object.ts";
import type { Served } from "./served.ts";

/** The node that runs pods; `what` cannot be done without it. Throws ServiceUnavailable where there is none. */
export function nodeOf({ node }: Served, what: string): NodeApi {
  const found = node();
  if (found !== undefined) return found;
  throw new ApiError("ServiceUnavailable", `Cannot ${what}: no node serves this cluster`);
}

/** The container that is named, or the pod's default one. Throws BadRequest where the pod has no such container. */
export function chooseContainer(pod: ApiObject, name: string | undefined): string {
  const names = [
    ...listOf(at(pod, "spec", "containers")),
    ...listOf(at(pod, "spec", "initContainers")),
  ].map((container) => String(container["name"]));
  const chosen =
    name ?? pod.metadata.annotations?.["kubectl.kubernetes.io/default-container"] ?? names[0] ?? "";
  if (names.includes(chosen)) return chosen;
  throw new ApiError("BadRequest", `container ${chosen} is not valid for pod ${pod.metadata.name}`);
}
