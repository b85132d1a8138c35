/** What a deletion makes of an object: gone, or marked until finalizers and grace are through. */

import type { ApiResource } from "./kinds.ts";
import { type ApiObject, numberAt, textAt, timestamp } from "./object.ts";

/** What a client says about a deletion. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: string | undefined;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
}

/** Kubernetes' default for pods. */
const POD_GRACE_SECONDS = 30;

/** The object after the deletion was asked for; without a deletionTimestamp it is to be removed at once. */
export function afterDelete(
  resource: ApiResource,
  object: ApiObject,
  options: DeleteOptions & { readonly wallMs: number },
): ApiObject {
  const grace = graceOf(resource, object, options);
  const finalizers = finalizersAfter(object, options.propagationPolicy);
  const isNamespace = resource.kind === "Namespace";
  if (grace === 0 && finalizers.length === 0 && !isNamespace) return withoutDeletion(object);
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  const earlier = deletionTimestamp !== undefined && (deletionGracePeriodSeconds ?? 0) <= grace;
  const metadata = {
    ...object.metadata,
    ...(finalizers.length > 0 && { finalizers }),
    deletionTimestamp: earlier ? deletionTimestamp : timestamp(options.wallMs + grace * 1000),
    deletionGracePeriodSeconds: earlier ? (deletionGracePeriodSeconds ?? 0) : grace,
  };
  return { ...object, metadata, ...(isNamespace && { status: { phase: "Terminating" } }) };
}

function withoutDeletion(object: ApiObject): ApiObject {
  const { deletionTimestamp: _, deletionGracePeriodSeconds: __, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Pods with a node wait for its kubelet; others, and those that have ended, do not. */
function graceOf(resource: ApiResource, object: ApiObject, options: DeleteOptions): number {
  if (resource.kind !== "Pod" || resource.group !== "") return 0;
  const phase = textAt(object, "status", "phase");
  if (textAt(object, "spec", "nodeName") === undefined) return 0;
  if (phase === "Succeeded" || phase === "Failed") return 0;
  const own = numberAt(object, "spec", "terminationGracePeriodSeconds") ?? POD_GRACE_SECONDS;
  return Math.max(0, options.gracePeriodSeconds ?? own);
}

function finalizersAfter(object: ApiObject, policy: string | undefined): string[] {
  const others = (object.metadata.finalizers ?? []).filter(
    (name) => policy === undefined || (name !== "foregroundDeletion" && name !== "orphan"),
  );
  if (policy === "Foreground") return [...others, "foregroundDeletion"];
  if (policy === "Orphan") return [...others, "orphan"];
  return others;
}
