/** Holds a real path to an evaluator: as many cases as asked for, all of them told by one seed. */

import { Chance } from "./chance.ts";

/** Cases in each world. */
const CASES_A_WORLD = 40;

/** What is compared. */
export type Compared<World, Case, Answer extends string> = {
  readonly arbitraryWorld: (chance: Chance) => World;
  readonly arbitraryCase: (chance: Chance, world: World) => Case;
  /** What a world answers by the code that is in use. */
  readonly realPath: (world: World) => (asked: Case) => Answer;
  /** What it has to answer. */
  readonly evaluate: (world: World, asked: Case) => Answer;
  /** The kind that an answer is counted as. */
  readonly kindOf: (answer: Answer, world: World) => string;
};

/** A case in which the two disagree. */
export type Difference<World, Case, Answer> = {
  readonly seed: number;
  readonly world: World;
  readonly asked: Case;
  readonly wanted: Answer;
  readonly got: Answer;
};

/** What a run found. */
export type Comparison<World, Case, Answer> = {
  /** How many cases had which kind of answer. */
  readonly answers: ReadonlyMap<string, number>;
  readonly differences: readonly Difference<World, Case, Answer>[];
};

/** Compares; worlds have the seeds from the given one on. */
export function compareCases<World, Case, Answer extends string>(
  { arbitraryWorld, arbitraryCase, realPath, evaluate, kindOf }: Compared<World, Case, Answer>,
  { cases, seed }: { readonly cases: number; readonly seed: number },
): Comparison<World, Case, Answer> {
  const answers = new Map<string, number>();
  const differences: Difference<World, Case, Answer>[] = [];
  for (let done = 0, at = seed; done < cases; at += 1) {
    const chance = new Chance(at);
    const world = arbitraryWorld(chance);
    const answer = realPath(world);
    for (let each = 0; each < CASES_A_WORLD && done < cases; each += 1, done += 1) {
      const asked = arbitraryCase(chance, world);
      const wanted = evaluate(world, asked);
      const got = answer(asked);
      const kind = kindOf(wanted, world);
      answers.set(kind, (answers.get(kind) ?? 0) + 1);
      if (got !== wanted) differences.push({ seed: at, world, asked, wanted, got });
    }
  }
  return { answers, differences };
}
