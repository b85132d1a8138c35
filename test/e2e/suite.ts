/** Cases of a real cluster, one after the other: each builds on what the one before left. */

import type { Place } from "./place.ts";

/** One case; it fails by throwing. */
export interface Case {
  readonly name: string;
  /** What of the place it cannot do without. */
  readonly needs?: "switch";
  readonly run: (place: Place) => Promise<void>;
}

/** Cases of one subject. */
export interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
}

/** How many cases went how. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Runs the cases of a suite; once one has failed the others are not tried. */
export async function runSuite(
  { name, cases }: Suite,
  place: Place,
  say: (line: string) => void,
): Promise<Tally> {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const each of cases) {
    const title = `${name}: ${each.name}`;
    if (tally.failed > 0) {
      tally.failed++;
      say(`FAILED ${title}: not tried, as one before it failed`);
    } else if (each.needs === "switch" && place.onSwitch === undefined) {
      tally.skipped++;
      say(`Skipped ${title}: what passes between the nodes of this cluster cannot be seen`);
    } else {
      const startMs = performance.now();
      try {
        await each.run(place);
        tally.passed++;
        say(`passed ${title} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
      } catch (error) {
        tally.failed++;
        say(`FAILED ${title}: ${(error as Error).message}`);
      }
    }
  }
  return tally;
}

/** Throws with what was found where it is not as it must be. */
export function expectThat(holds: boolean, found: string): void {
  if (!holds) throw new Error(found);
}
