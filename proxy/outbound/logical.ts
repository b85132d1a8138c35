/** Picks a backend of a rule by weight. */

import type { ResolvedRule } from "./discover.ts";

/** Picks a backend by weight; `chance` is 0 (inclusive) to 1 (exclusive). Undefined where no weight is above 0. */
export function pickBackend(
  rule: ResolvedRule,
  chance: number,
): ResolvedRule["backends"][number] | undefined {
  if (rule.backends.length === 1 && rule.totalWeight > 0) return rule.backends[0];
  let left = chance * rule.totalWeight;
  for (const backend of rule.backends) {
    left -= backend.weight;
    if (left < 0) return backend;
  }
  return undefined;
}
