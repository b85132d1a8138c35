/** Errors that are nobody's who happens to be calling. */

/** Throws it by itself: the process tells and counts it, and whoever is on the stack goes on. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
