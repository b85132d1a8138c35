/** Preloaded into a proxy whose heap is watched: it tells at a signal what it holds. */

import { heapStats } from "bun:jsc";
import { writeFileSync } from "node:fs";

/** What the collector's heap holds, in bytes. */
export interface HeapReport {
  /** Counts the reports. */
  readonly number: number;
  /** The blocks of all cells; it grows by what is allocated while nothing is collected. */
  readonly cells: number;
  /** What cells said that they hold beside the heap. */
  readonly extra: number;
}

/** Where a proxy on this side reports, given the folder where it may write. */
export const reportPath = (folder: string): string => `${folder}/heap.json`;

/** Reports at each SIGUSR2. */
export function reportHeap(folder: string): void {
  let number = 0;
  process.on("SIGUSR2", () => {
    const { heapCapacity: cells, extraMemorySize: extra } = heapStats();
    const report: HeapReport = { number: ++number, cells, extra };
    writeFileSync(reportPath(folder), JSON.stringify(report));
  });
}
