/** Holds the real path to the evaluator: as many requests as asked for, all of them told by one seed. */

import { Chance } from "../chance.ts";
import { arbitraryRequest, arbitraryWorld } from "./arbitrary.ts";
import { type Answer, NO_ROUTE, type Request, type World } from "./objects.ts";
import { realPath } from "./real-path.ts";
import { evaluate } from "./reference.ts";

/** Requests in each world. */
const REQUESTS = 40;

/** A case in which the two disagree. */
export type Difference = {
  readonly seed: number;
  readonly world: World;
  readonly request: Request;
  readonly wanted: Answer;
  readonly got: Answer;
};

/** What a run found. */
export type Comparison = {
  readonly cases: number;
  /** How many requests were taken by HTTP rules, by rules of calls, and by none. */
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
    for (let each = 0; each < REQUESTS && done < cases; each += 1, done += 1) {
      const request = arbitraryRequest(chance, world);
      const wanted = evaluator(world, request);
      const got = answer(request);
      const kind = wanted === NO_ROUTE ? NO_ROUTE : world.type;
      answers.set(kind, (answers.get(kind) ?? 0) + 1);
      if (got !== wanted) differences.push({ seed: at, world, request, wanted, got });
    }
  }
  return { cases, answers, differences };
}
