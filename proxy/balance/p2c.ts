/** The better of two endpoints picked at random. */

/** What balancing needs of a candidate. */
export interface Candidate {
  /** Whether requests may be sent to it now. */
  readonly ready: boolean;
  load(nowMs: number): number;
}

/**
 * Picks two different candidates at random and returns the less loaded ready one. Falls back to a scan from a random
 * place where neither is ready; undefined where none is. `random` gives 0 (inclusive) to 1 (exclusive).
 */
export function pickOfTwo<C extends Candidate>(
  candidates: readonly C[],
  { nowMs, random }: { readonly nowMs: number; readonly random: () => number },
): C | undefined {
  const count = candidates.length;
  if (count <= 1) return candidates[0]?.ready === true ? candidates[0] : undefined;
  const i = (random() * count) | 0;
  let j = (random() * (count - 1)) | 0;
  if (j >= i) j++;
  const a = candidates[i] as C;
  const b = candidates[j] as C;
  if (a.ready && b.ready) return b.load(nowMs) < a.load(nowMs) ? b : a;
  if (a.ready) return a;
  if (b.ready) return b;
  for (let step = 0; step < count; step++) {
    const next = candidates[(i + step) % count] as C;
    if (next.ready) return next;
  }
  return undefined;
}
