/** Cases of a real cluster, one after the other: each builds on what the one before left. */

import type { Below, Place } from "./place.ts";

/** One case; it fails by throwing. What `runBelow` does reaches below the cluster. */
export type Case = { readonly name: string } & (
  | { readonly run: (place: Place) => Promise<void> }
  | { readonly runBelow: (place: Place, below: Below) => Promise<void> }
);

/** Cases of one subject. */
export interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
  /** Takes away what cases left, where one failed: the suites after it begin without it. */
  readonly clear?: (place: Place) => Promise<void>;
}

/** How many cases went how. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Runs the cases of a suite; once one has failed the others are not tried. */
export async function runSuite(
  { name, cases, clear }: Suite,
  place: Place,
  say: (line: string) => void,
): Promise<Tally> {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const each of cases) {
    const title = `${name}: ${each.name}`;
    if (tally.failed > 0) {
      tally.failed++;
      say(`FAILED ${title}: not tried, as one before it failed`);
      continue;
    }
    const startMs = performance.now();
    const [outcome, found] = await runCase(each, place);
    tally[outcome]++;
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    if (outcome === "passed") say(`passed ${title} (${seconds} s)`);
    else say(`${outcome === "failed" ? "FAILED" : "Skipped"} ${title}: ${found}`);
  }
  if (tally.failed > 0)
    await clear?.(place).catch((error: Error) => say(`Cannot clear ${name}: ${error.message}`));
  return tally;
}

async function runCase(each: Case, place: Place): Promise<[outcome: keyof Tally, found: string]> {
  try {
    if ("run" in each) await each.run(place);
    else if (place.below !== undefined) await each.runBelow(place, place.below);
    else return ["skipped", "the machines of this cluster are out of reach"];
    return ["passed", ""];
  } catch (error) {
    return ["failed", (error as Error).message];
  }
}

/** Throws with what was found where it is not as it must be. */
export function expectThat(holds: boolean, found: string): void {
  if (!holds) throw new Error(found);
}
