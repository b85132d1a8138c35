/** The better of two endpoints picked at random, from loads that lie side by side. */

import { isReady, loadOf, type PeakEwma, ROW } from "./peak-ewma.ts";

/**
 * The loads of a balancer's endpoints, in the order of their list. They are one piece of memory: of a thousand endpoints
 * two are compared for each request, and whatever else is kept of them has not been in the processor's cache for long.
 */
export class LoadTable {
  readonly #decayMs: number;
  #cells = new Float64Array(0);

  /** All loads in it decay alike. */
  constructor(decayMs: number) {
    this.#decayMs = decayMs;
  }

  /** Gives each of these its row; those that had one before must go on elsewhere (`PeakEwma.moveTo`). */
  arrange(loads: readonly PeakEwma[]): void {
    const cells = new Float64Array(loads.length * ROW);
    for (const [index, load] of loads.entries()) load.moveTo(cells, index * ROW);
    this.#cells = cells;
  }

  /**
   * Picks two different ones at random and returns the index of the less loaded ready one. Falls back to a scan from a
   * random place where neither is ready; -1 where none is. `random` gives 0 (inclusive) to 1 (exclusive).
   */
  pickOfTwo(nowMs: number, random: () => number): number {
    const cells = this.#cells;
    const count = cells.length / ROW;
    if (count <= 1) return count === 1 && isReady(cells, 0) ? 0 : -1;
    const i = (random() * count) | 0;
    let j = (random() * (count - 1)) | 0;
    if (j >= i) j++;
    const isFirst = isReady(cells, i * ROW);
    if (isFirst && isReady(cells, j * ROW)) return this.#isLess(j, i, nowMs) ? j : i;
    if (isFirst) return i;
    for (let step = 0; step < count; step++) {
      const next = (j + step) % count;
      if (isReady(cells, next * ROW)) return next;
    }
    return -1;
  }

  #isLess(index: number, than: number, nowMs: number): boolean {
    const cells = this.#cells;
    const decayMs = this.#decayMs;
    return loadOf(cells, index * ROW, nowMs, decayMs) < loadOf(cells, than * ROW, nowMs, decayMs);
  }
}
