/** Picks a backend of a rule (P26). */

import type { ResolvedBackend, ResolvedRule } from "./resolved.ts";

/** What is asked of a backend. */
type Choice = Pick<ResolvedBackend, "weight"> & {
  readonly balancer: { readonly failing: boolean } | undefined;
};

/**
 * Picks a backend, by weight or the first, of those that are available; where none is, one that is not, so that it says
 * why. Undefined where no weight is above 0. `random` gives 0 (inclusive) to 1 (exclusive).
 */
export function pickBackend<Backend extends Choice>(
  {
    pick,
    backends,
    totalWeight,
  }: Pick<ResolvedRule, "pick" | "totalWeight"> & { readonly backends: readonly Backend[] },
  random: () => number,
): Backend | undefined {
  const [first] = backends;
  if (totalWeight === 0 || backends.length < 2) return totalWeight === 0 ? undefined : first;
  if (pick === "first") return firstAvailable(backends) ?? first;
  const picked = byWeight(backends, random() * totalWeight, isAny);
  if (picked === undefined || isAvailable(picked)) return picked;
  let available = 0;
  for (const backend of backends) if (isAvailable(backend)) available += backend.weight;
  return available === 0 ? picked : byWeight(backends, random() * available, isAvailable);
}

function byWeight<Backend extends Choice>(
  backends: readonly Backend[],
  at: number,
  counts: (backend: Backend) => boolean,
): Backend | undefined {
  let left = at;
  for (const backend of backends) {
    if (!counts(backend)) continue;
    left -= backend.weight;
    if (left < 0) return backend;
  }
  return undefined;
}

function firstAvailable<Backend extends Choice>(backends: readonly Backend[]): Backend | undefined {
  for (const backend of backends) if (isAvailable(backend)) return backend;
  return undefined;
}

const isAny = (): boolean => true;

/** One that fails everything is as good as one that works: its share is to fail. */
const isAvailable = ({ balancer }: Choice): boolean => balancer?.failing !== true;
