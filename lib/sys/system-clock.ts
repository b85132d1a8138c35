/** The machine's clock. */

import type { Clock } from "#lib/time/clock.ts";

/** What a timer takes; for more, as 365 days, it would wake at once. It is 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** Time as the machine tells it; its timers keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, Math.min(ms, LONGEST_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};
