/** Whether an attack was borne: what it cost the proxy, and what others noticed. */

/** What was measured of one attack on one proxy. */
export interface Cost {
  /** MiB of Pss_Anon, the peak over before. */
  readonly mib: number;
  /** CPU seconds of the proxy, less what the others' load takes. */
  readonly cpuSeconds: number;
  /** Microseconds of the others' requests. */
  readonly p99Before: number;
  readonly p99During: number;
  /** Others' requests that failed or were never answered, and their connections that were ended. */
  readonly errors: number;
  /** The process lives and says that it is ready. */
  readonly ready: boolean;
}

/** What must not be exceeded. */
export const BOUNDS = { mib: 64, cpuSeconds: 2, p99Ratio: 3 } as const;

/** What does not hold, in words; none where all does. */
export function failuresOf(cost: Cost): string[] {
  return [
    ...(cost.mib <= BOUNDS.mib ? [] : ["memory"]),
    ...(cost.cpuSeconds <= BOUNDS.cpuSeconds ? [] : ["CPU"]),
    ...(cost.p99During <= cost.p99Before * BOUNDS.p99Ratio ? [] : ["p99"]),
    ...(cost.errors === 0 ? [] : ["errors"]),
    ...(cost.ready ? [] : ["not ready"]),
  ];
}
