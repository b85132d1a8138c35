/** Families of metrics and their series: handles are resolved once, bounded in number, and hidden while idle. */

import { Counter } from "./counter.ts";
import { Gauge } from "./gauge.ts";
import { Histogram } from "./histogram.ts";

/** Past this many label sets of one family, further ones fold into a single series. */
export const SERIES_LIMIT: number = 10_000;

/** Label names and values in the order they are written; undefined values are left out. */
export type Labels = Readonly<Record<string, string | undefined>>;

/** What a family holds. */
export type Instrument = Counter | Gauge | Histogram;

/** One label set of a family. */
export interface Series<I extends Instrument> {
  /** `a="b",c="d"`, escaped; empty without labels. */
  readonly labels: string;
  readonly instrument: I;
  /** The total when it last changed, and when that was. */
  seen: number;
  changedMs: number;
}

/** A named family; `with` gives the handle of a label set. */
export class Family<I extends Instrument> {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly #create: () => I;
  readonly #series = new Map<string, Series<I>>();
  #folded = 0;

  constructor(
    how: { readonly name: string; readonly help: string; readonly type: Family<I>["type"] },
    create: () => I,
  ) {
    this.name = how.name;
    this.help = how.help;
    this.type = how.type;
    this.#create = create;
  }

  /** The instrument of a label set; make it once and keep it, never per request. */
  with(labels: Labels = {}): I {
    return this.withText(formatLabels(labels));
  }

  /** The same for labels already formatted by `formatLabels`. */
  withText(text: string): I {
    const known = this.#series.get(text);
    if (known !== undefined) return known.instrument;
    if (this.#series.size >= SERIES_LIMIT) {
      this.#folded++;
      return this.#add('overflow="true"');
    }
    return this.#add(text);
  }

  /** How many label sets were folded into the overflow series. */
  get folded(): number {
    return this.#folded;
  }

  /** Forgets all label sets; of a gauge whose labels say what holds now, the old ones hold no longer. */
  clear(): void {
    this.#series.clear();
  }

  get series(): Iterable<Series<I>> {
    return this.#series.values();
  }

  #add(labels: string): I {
    const known = this.#series.get(labels);
    if (known !== undefined) return known.instrument;
    const instrument = this.#create();
    this.#series.set(labels, { labels, instrument, seen: Number.NaN, changedMs: 0 });
    return instrument;
  }
}

/** All families of a process, in the order they were made. */
export class Registry {
  readonly #families = new Map<string, Family<Instrument>>();

  counter(name: string, help: string): Family<Counter> {
    return this.#family({ name, help, type: "counter" }, () => new Counter());
  }

  gauge(name: string, help: string): Family<Gauge> {
    return this.#family({ name, help, type: "gauge" }, () => new Gauge());
  }

  histogram(
    name: string,
    how: { readonly help: string; readonly bounds: readonly number[] },
  ): Family<Histogram> {
    return this.#family(
      { name, help: how.help, type: "histogram" },
      () => new Histogram(how.bounds),
    );
  }

  get families(): Iterable<Family<Instrument>> {
    return this.#families.values();
  }

  #family<I extends Instrument>(
    how: { readonly name: string; readonly help: string; readonly type: Family<I>["type"] },
    create: () => I,
  ): Family<I> {
    const known = this.#families.get(how.name);
    if (known !== undefined) {
      if (known.type !== how.type)
        throw new Error(`Cannot register ${how.name}: it is a ${known.type} already`);
      return known as Family<Instrument> as Family<I>;
    }
    const family = new Family(how, create);
    this.#families.set(how.name, family as Family<Instrument> as Family<Instrument>);
    return family;
  }
}

/** Labels as the text format writes them, without the braces. */
export function formatLabels(labels: Labels): string {
  let text = "";
  for (const [name, value] of Object.entries(labels)) {
    if (value === undefined) continue;
    text += `${text === "" ? "" : ","}${name}="${escapeLabel(value)}"`;
  }
  return text;
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
    : value;
}
