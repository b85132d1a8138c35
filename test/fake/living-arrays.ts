/** How many arrays of bytes there are, for tests of what is kept of bytes that come one by one. */

import { heapStats } from "bun:jsc";

/** The arrays that somebody still holds; the collector is conservative, and counts a few more. */
export function livingArrays(): number {
  Bun.gc(true);
  const { objectTypeCounts } = heapStats();
  return objectTypeCounts["Uint8Array"] ?? 0;
}
