/** Holds the real path to the evaluator: as many cases as asked for, all of them told by one seed. */

import { Chance } from "../chance.ts";
import { arbitraryCall, arbitraryWorld } from "./arbitrary.ts";
import type { Answer, Call, World } from "./objects.ts";
import { realPath } from "./real-path.ts";
import { evaluate } from "./reference.ts";

/** Calls in each world. */
const CALLS = 40;

/** A case in which the two disagree. */
export type Difference = {
  readonly seed: number;
  readonly world: World;
  readonly call: Call;
  readonly wanted: Answer;
  readonly got: Answer;
};

/** What a run found. */
export type Comparison = {
  readonly cases: number;
  /** How many cases had which answer. */
  readonly answers: ReadonlyMap<Answer, number>;
  readonly differences: readonly Difference[];
};

/** Compares; worlds have the seeds from the given one on. */
export function compare(
  { cases, seed }: { readonly cases: number; readonly seed: number },
  evaluator: typeof evaluate = evaluate,
): Comparison {
  const answers = new Map<Answer, number>();
  const differences: Difference[] = [];
  for (let done = 0, at = seed; done < cases; at += 1) {
    const chance = new Chance(at);
    const world = arbitraryWorld(chance);
    const answer = realPath(world);
    for (let call = 0; call < CALLS && done < cases; call += 1, done += 1) {
      const asked = arbitraryCall(chance);
      const wanted = evaluator(world, asked);
      const got = answer(asked);
      answers.set(wanted, (answers.get(wanted) ?? 0) + 1);
      if (got !== wanted) differences.push({ seed: at, world, call: asked, wanted, got });
    }
  }
  return { cases, answers, differences };
}
