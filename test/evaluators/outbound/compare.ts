/** Outbound's real path beside its evaluator. */

import { type Comparison, compareCases } from "../comparison.ts";
import { arbitraryRequest, arbitraryWorld } from "./arbitrary.ts";
import { type Answer, NO_ROUTE, type Request, type World } from "./objects.ts";
import { realPath } from "./real-path.ts";
import { evaluate } from "./reference.ts";

/** Compares, and counts what was taken by HTTP rules, by rules of calls, and by none. */
export function compare(
  how: { readonly cases: number; readonly seed: number },
  evaluator: typeof evaluate = evaluate,
): Comparison<World, Request, Answer> {
  return compareCases(
    {
      ...{ arbitraryWorld, arbitraryCase: arbitraryRequest, realPath, evaluate: evaluator },
      kindOf: (answer, world) => (answer === NO_ROUTE ? NO_ROUTE : world.type),
    },
    how,
  );
}
