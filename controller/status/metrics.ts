/** Counts what becomes of statuses, by Linkerd's names (CPM5). */

import type { Registry } from "#lib/metrics/registry.ts";

/** Linkerd's bounds of the time that a write takes, seconds. */
const BOUNDS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const MS_PER_SECOND = 1_000;

const EVENTS = {
  patches: "Statuses that were written.",
  patch_api_errors: "Statuses that the API did not take.",
  patch_timeouts: "Statuses that the API did not take in time.",
  patch_dequeues: "Objects whose turn it was.",
  patch_drops: "Objects whose turn it was when this replica led no longer.",
  patch_enqueues: "Objects whose status may have to be written.",
  patch_enqueue_overflows: "Objects that found no room to wait: there is room for all.",
} as const;

/** What happens to a status. */
export type StatusEvent = keyof typeof EVENTS;

/** The handles. */
export type StatusMetrics = {
  readonly count: (event: StatusEvent) => void;
  /** Milliseconds that a write took. */
  readonly took: (ms: number) => void;
};

/** Registers the families. */
export function statusMetrics(registry: Registry): StatusMetrics {
  const counters = new Map(
    Object.entries(EVENTS).map(([event, help]) => [
      event,
      registry.counter(`resource_status_${event}_total`, help).with(),
    ]),
  );
  const seconds = registry
    .histogram("resource_status_patch_duration_seconds", {
      help: "Time that writing a status took.",
      bounds: BOUNDS_SECONDS,
    })
    .with();
  return {
    count: (event) => counters.get(event)?.increment(),
    took: (ms) => seconds.observe(ms / MS_PER_SECOND),
  };
}
