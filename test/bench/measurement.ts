/** What all measurements share: rounds, medians and spreads. */

/** How long and how often something is measured. */
export interface Rounds {
  readonly rounds: number;
  readonly seconds: number;
}

/** The middle value; the higher of two. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** The least and the most, for a reader. */
export const spread = (values: readonly number[]): string =>
  `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)}`;
