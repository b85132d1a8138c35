/** What `/metrics` says: all families, those of the process as they are now (ADMIN1). */

import { writeExposition } from "#lib/metrics/exposition.ts";
import type { Registry } from "#lib/metrics/registry.ts";
import type { Surroundings } from "./surroundings.ts";
import type { ProcessMetrics } from "./telemetry/process-metrics.ts";

/** Whether Linkerd's proxy tells of a family in its first part, before those of its newer registry. */
const isLegacy = (name: string): boolean =>
  /^(?:control_|route_)?(?:actual_|retryable_)?(?:request|response)_|^route_|^tcp_|^(?:in|out)bound_(?:http|tcp)_(?:authz|errors|route_not_found|local_ratelimit)_/.test(
    name,
  );

/** Where figures are found; the process has started when this is called. */
export function metricsPage(
  registry: Registry,
  {
    process,
    around,
    retainIdleMs,
  }: {
    readonly process: ProcessMetrics;
    readonly around: Pick<Surroundings, "clock" | "usage">;
    /** Series that have not changed for so long are left out. */
    readonly retainIdleMs: number;
  },
): () => string {
  const { clock, usage } = around;
  const startSeconds = clock.wall() / 1000;
  return () => {
    process.update({ startSeconds, nowSeconds: clock.wall() / 1000, ...usage() });
    return `${writeExposition(registry, { nowMs: clock.now(), retainIdleMs, isFirst: isLegacy })}# EOF\n`;
  };
}
