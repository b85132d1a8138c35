/** Inbound's real path beside its evaluator. */

import { type Comparison, compareCases } from "../comparison.ts";
import { arbitraryCall, arbitraryWorld } from "./arbitrary.ts";
import type { Answer, Call, World } from "./objects.ts";
import { realPath } from "./real-path.ts";
import { evaluate } from "./reference.ts";

/** Compares, and counts the answers. */
export function compare(
  how: { readonly cases: number; readonly seed: number },
  evaluator: typeof evaluate = evaluate,
): Comparison<World, Call, Answer> {
  return compareCases(
    {
      ...{ arbitraryWorld, arbitraryCase: arbitraryCall, realPath, evaluate: evaluator },
      kindOf: (answer) => answer,
    },
    how,
  );
}
