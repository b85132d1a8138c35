/** Families of metrics and their series: handles are resolved once, bounded in number, and let go of while idle. */

import { Counter } from "./counter.ts";
import { Gauge } from "./gauge.ts";
import { Histogram } from "./histogram.ts";

/** Past this many label sets of one family, further ones fold into a single series. */
export const SERIES_LIMIT: number = 10_000;

/** Label names and values in the order they are written; undefined values are left out. */
export type Labels = Readonly<Record<string, string | undefined>>;

/** What a family counts in, where OpenMetrics has a word for it. */
export type Unit = "seconds" | "bytes";

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

/** A series that has not changed for long: it is kept only as long as somebody else holds its handle. */
interface Resting<I extends Instrument> {
  readonly handle: WeakRef<I>;
  readonly seen: number;
}

/** What a family is called, and what it is. */
interface FamilyKind<I extends Instrument> {
  readonly name: string;
  readonly help: string;
  readonly type: Family<I>["type"];
  readonly unit?: Unit | undefined;
}

/** A named family; `with` gives the handle of a label set. */
export class Family<I extends Instrument> {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** In which its name says that it counts, where it does. */
  readonly unit: Unit | undefined;
  readonly #create: () => I;
  readonly #series = new Map<string, Series<I>>();
  readonly #resting = new Map<string, Resting<I>>();
  #folded = 0;
  /** There was no room, and what rests had been looked through; until the next look there is no more. */
  #searched = false;

  constructor(how: FamilyKind<I>, create: () => I) {
    this.name = how.name;
    this.help = how.help;
    this.type = how.type;
    this.unit = how.unit;
    this.#create = create;
  }

  /** The instrument of a label set; make it once and keep it, never per request. */
  with(labels: Labels = {}): I {
    return this.withText(formatLabels(labels));
  }

  /** The same for labels already formatted by `formatLabels`. */
  withText(text: string): I {
    const known = this.#known(text);
    if (known !== undefined) return known;
    if (!this.#isFull()) return this.#add(text);
    this.#folded++;
    return this.#known(OVERFLOW) ?? this.#add(OVERFLOW);
  }

  #known(labels: string): I | undefined {
    return this.#series.get(labels)?.instrument ?? this.#resting.get(labels)?.handle.deref();
  }

  #isFull(): boolean {
    if (this.#series.size + this.#resting.size < SERIES_LIMIT) return false;
    if (this.#searched) return true;
    this.#searched = true;
    for (const [labels, { handle }] of this.#resting)
      if (handle.deref() === undefined) this.#resting.delete(labels);
    return this.#series.size + this.#resting.size >= SERIES_LIMIT;
  }

  /**
   * Looks at what has changed since the last look. A series that has not for `retainIdleMs` rests: it is not told of
   * until it changes, and forgotten once nobody holds its handle; of gauges, which tell what is, those of 0 are
   * forgotten so, and told of until then.
   */
  look(nowMs: number, retainIdleMs: number): void {
    this.#searched = false;
    for (const [labels, { handle, seen }] of this.#resting) {
      const instrument = handle.deref();
      if (instrument !== undefined && totalOf(instrument) === seen) continue;
      this.#resting.delete(labels);
      if (instrument !== undefined)
        this.#series.set(labels, { labels, instrument, seen: Number.NaN, changedMs: 0 });
    }
    for (const series of this.#series.values()) {
      const total = totalOf(series.instrument);
      if (total !== series.seen) {
        series.seen = total;
        series.changedMs = nowMs;
      } else if (nowMs - series.changedMs > retainIdleMs && (this.type !== "gauge" || total === 0))
        this.#rest(series);
    }
  }

  #rest({ labels, instrument, seen }: Series<I>): void {
    this.#series.delete(labels);
    this.#resting.set(labels, { handle: new WeakRef(instrument), seen });
  }

  /** How many label sets it has that do not rest. */
  get size(): number {
    return this.#series.size;
  }

  /** How many label sets were folded into the overflow series. */
  get folded(): number {
    return this.#folded;
  }

  /** Forgets all label sets; of a gauge whose labels say what holds now, the old ones hold no longer. */
  clear(): void {
    this.#series.clear();
    this.#resting.clear();
  }

  /** What is told of. */
  *series(): Iterable<Pick<Series<I>, "labels" | "instrument">> {
    yield* this.#series.values();
    if (this.type !== "gauge") return;
    for (const [labels, { handle }] of this.#resting) {
      const instrument = handle.deref();
      if (instrument !== undefined) yield { labels, instrument };
    }
  }

  #add(labels: string): I {
    const instrument = this.#create();
    this.#series.set(labels, { labels, instrument, seen: Number.NaN, changedMs: 0 });
    return instrument;
  }
}

/** The labels of the one series into which those beyond SERIES_LIMIT fold. */
const OVERFLOW = 'overflow="true"';

const totalOf = (instrument: Instrument): number =>
  instrument instanceof Histogram ? instrument.count : instrument.value;

/** All families of a process, in the order they were made. */
export class Registry {
  readonly #families = new Map<string, Family<Instrument>>();
  readonly #updates: (() => void)[] = [];

  /** Calls this each time before somebody looks, to set what is only told then. */
  onLook(update: () => void): void {
    this.#updates.push(update);
  }

  /** Somebody looks. */
  update(): void {
    for (const update of this.#updates) update();
  }

  counter(name: string, help: string, unit?: Unit): Family<Counter> {
    return this.#family({ name, help, type: "counter", unit }, () => new Counter());
  }

  gauge(name: string, help: string, unit?: Unit): Family<Gauge> {
    return this.#family({ name, help, type: "gauge", unit }, () => new Gauge());
  }

  histogram(
    name: string,
    how: { readonly help: string; readonly bounds: readonly number[]; readonly unit?: Unit },
  ): Family<Histogram> {
    return this.#family(
      { name, help: how.help, type: "histogram", unit: how.unit },
      () => new Histogram(how.bounds),
    );
  }

  get families(): Iterable<Family<Instrument>> {
    return this.#families.values();
  }

  #family<I extends Instrument>(how: FamilyKind<I>, create: () => I): Family<I> {
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
