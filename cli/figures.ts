/** Figures as Linkerd prints them; `-` where there is none. */

import type { Latency } from "../viz/core/growth.ts";

/** Of 0 to 1, as `99.95%`. */
export const percent = (share: number | undefined): string =>
  share === undefined ? "-" : `${(share * 100).toFixed(2)}%`;

/** Requests a second, as `1.5rps`. */
export const rate = (perSecond: number): string => `${perSecond.toFixed(1)}rps`;

/** The cells of p50, p95 and p99, as `123ms`. */
export function latencies(latency: Latency | undefined): string[] {
  return [latency?.p50, latency?.p95, latency?.p99].map((ms) =>
    ms === undefined ? "-" : `${Math.round(ms)}ms`,
  );
}
