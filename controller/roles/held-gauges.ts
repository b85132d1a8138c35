/** Series of a gauge that count who is there: held while anybody is, so that they are told of for as long. */

import type { Gauge } from "#lib/metrics/gauge.ts";
import type { Family, Labels } from "#lib/metrics/registry.ts";

/** Counts by labels; all of one family name the same ones, in the same order. */
export class HeldGauges {
  readonly #family: Family<Gauge>;
  readonly #held = new Map<string, Gauge>();

  constructor(family: Family<Gauge>) {
    this.#family = family;
  }

  joined(labels: Labels): void {
    const key = keyOf(labels);
    const gauge = this.#held.get(key) ?? this.#family.with(labels);
    this.#held.set(key, gauge);
    gauge.increment();
  }

  left(labels: Labels): void {
    const key = keyOf(labels);
    const gauge = this.#held.get(key);
    gauge?.decrement();
    if (gauge?.value === 0) this.#held.delete(key);
  }
}

const keyOf = (labels: Labels): string => JSON.stringify(Object.values(labels));
