/** What a pod is, for those who count pods. */

import type { Pod } from "#lib/k8s/types/core.ts";

/** Whether it will do no more: it ended, or it is on its way out. */
export function isGone(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined || isEnded(pod);
}

/** Whether its containers have ended for good. */
export function isEnded(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** Whether it takes requests. */
export function isReady(pod: Pod): boolean {
  return condition(pod, "Ready")?.status === "True";
}

/** Whether it has been ready for long enough; otherwise in how many milliseconds it will have been. */
export function availableIn(
  pod: Pod,
  how: { readonly minReadySeconds: number; readonly wallMs: number },
): number | undefined {
  const ready = condition(pod, "Ready");
  if (ready?.status !== "True") return undefined;
  const since = Date.parse(String(ready.lastTransitionTime ?? ""));
  if (how.minReadySeconds === 0 || Number.isNaN(since)) return 0;
  return Math.max(0, since + how.minReadySeconds * 1000 - how.wallMs);
}

function condition(
  pod: Pod,
  type: string,
): { readonly status: string; readonly lastTransitionTime?: unknown } | undefined {
  return pod.status?.conditions?.find((each) => each.type === type);
}
