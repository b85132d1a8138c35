/** When a process rests after work: memory that the work took can be given back then, and nobody waits for it. */

import type { Clock } from "#lib/time/clock.ts";

/** It is looked so often whether the process works. */
export const REST_INTERVAL_MS = 4000;
/** With less CPU time than this share of an interval it rests. */
export const REST_SHARE = 0.01;
/** Before it has worked so long since its last rest there is nothing to give back. */
export const WORK_SECONDS = 0.5;

/** What tells of work: the seconds of CPU time that this process has taken so far. */
export interface RestOptions {
  readonly clock: Clock;
  readonly cpuSeconds: () => number;
}

/** Has `onRest` called each time that the process rests after work, for as long as it runs. */
export function whenAtRest({ clock, cpuSeconds }: RestOptions, onRest: () => void): void {
  let last = cpuSeconds();
  let worked = 0;
  const look = (): void => {
    const now = cpuSeconds();
    const taken = now - last;
    last = now;
    if (taken > (REST_INTERVAL_MS / 1000) * REST_SHARE) worked += taken;
    else if (worked >= WORK_SECONDS) {
      worked = 0;
      onRest();
      // What that took is no work.
      last = cpuSeconds();
    }
    clock.after(REST_INTERVAL_MS, look);
  };
  clock.after(REST_INTERVAL_MS, look);
}
