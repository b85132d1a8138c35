/** The machine's clock. */

import type { Clock } from "#lib/time/clock.ts";

/** Time as the machine tells it; its timers keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
