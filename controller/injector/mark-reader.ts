/** Reads the annotations of a pod and its namespace one by one; what cannot be used is passed over, and told. */

import { annotation, type Marks } from "#lib/k8s/annotations.ts";

/** At most so many sentences go with an answer: kubectl shows 4,096 bytes of them. */
export const WARNINGS_LIMIT: number = 16;
/** A value is quoted up to here, in characters. */
const QUOTE_LIMIT = 40;

/** What a value must be: a pattern, or a function that gives undefined where it is not. */
type Accepts<T> = (text: string) => T | undefined;

/** Collects what is wrong with the annotations that it reads. */
export class MarkReader {
  readonly #from: { readonly pod: Marks; readonly namespace: Marks };
  readonly #warnings: string[] = [];
  #more = 0;

  constructor(from: { readonly pod: Marks; readonly namespace: Marks }) {
    this.#from = from;
  }

  /** Sentences about what was passed over; bounded. */
  get warnings(): readonly string[] {
    if (this.#more === 0) return this.#warnings;
    return [...this.#warnings, `and ${this.#more} more annotations cannot be used`];
  }

  /** The value without the blanks around it: the pod's, else its namespace's; undefined where it is empty. */
  raw(key: string): string | undefined {
    return annotation(key, this.#from)?.trim() || undefined;
  }

  /** What `accepts` makes of the value; undefined where it is not set or cannot be used. */
  read<T>(key: string, accepts: Accepts<T>): T | undefined {
    const text = this.raw(key);
    if (text === undefined) return undefined;
    const value = accepts(text);
    if (value === undefined) this.warn(`annotation ${key} cannot be ${quoted(text)}`);
    return value;
  }

  warn(sentence: string): void {
    if (this.#warnings.length < WARNINGS_LIMIT) this.#warnings.push(sentence);
    else this.#more++;
  }
}

/** A value as a message shows it: short, on one line, without anything that a terminal acts on. */
export function quoted(text: string): string {
  const short = text.length > QUOTE_LIMIT ? `${text.slice(0, QUOTE_LIMIT)}…` : text;
  return JSON.stringify(short).replaceAll(
    /[\u007f-\u009f\u2028-\u202e]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The value itself where a pattern takes it. */
export function matching(pattern: RegExp): Accepts<string> {
  return (text) => (pattern.test(text) ? text : undefined);
}

/** A whole number between two, both included. */
export function within(min: number, max: number): Accepts<number> {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };
}
