/** Reads fields of objects of any form: what cannot be read is noted, never thrown. */

import { isObject } from "#lib/k8s/shape.ts";

/** One object of a spec. Null counts as nothing, as it does for the API server. */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #at: string;
  readonly #faults: string[];

  /** `at` names the object in faults, which are put into the list that is given. */
  constructor(value: unknown, at: string, faults: string[]) {
    this.#at = at;
    this.#faults = faults;
    if (!isObject(value)) this.#note(at, "is no object");
    this.#value = isObject(value) ? value : {};
  }

  text(name: string): string | undefined {
    const value = this.#own(name);
    if (value === undefined || typeof value === "string") return value;
    return this.fault(name, "is no text");
  }

  /** A text that must be there; empty where it is not. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") this.fault(name, "is missing");
    return value ?? "";
  }

  /** One of a few words. */
  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.text(name);
    const known = words.find((word) => word === value);
    if (value !== undefined && known === undefined) this.fault(name, `is not known: ${value}`);
    return known;
  }

  /** A whole number from `least` to `most`. */
  integer(name: string, { least, most }: { least: number; most: number }): number | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most)
      return value;
    return this.fault(name, `is no whole number from ${least} to ${most}`);
  }

  flag(name: string): boolean | undefined {
    const value = this.#own(name);
    if (value === undefined || typeof value === "boolean") return value;
    return this.fault(name, "is neither true nor false");
  }

  texts(name: string): readonly string[] {
    const value = this.list(name);
    if (value.some((each) => typeof each !== "string")) this.fault(name, "holds what is no text");
    return value.filter((each) => typeof each === "string");
  }

  /** The entries as they are. */
  list(name: string): readonly unknown[] {
    const value = this.#own(name);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.fault(name, "is no list");
    return [];
  }

  objects(name: string): readonly Fields[] {
    return this.list(name).map(
      (each, index) => new Fields(each, `${this.#at}.${name}[${index}]`, this.#faults),
    );
  }

  object(name: string): Fields | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    return new Fields(value, `${this.#at}.${name}`, this.#faults);
  }

  /** The value whatever it is. */
  raw(name: string): unknown {
    return this.#own(name);
  }

  /** Notes the fields that are not among the known ones: what they mean is not known either. */
  only(...known: readonly string[]): void {
    for (const name of Object.keys(this.#value))
      if (!known.includes(name) && this.#own(name) !== undefined) this.fault(name, "is not known");
  }

  /** Notes a fault of a field that is read elsewhere. */
  fault(name: string, why: string): undefined {
    this.#note(`${this.#at}.${name}`, why);
    return undefined;
  }

  #note(at: string, why: string): void {
    this.#faults.push(`${at} ${why}`);
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? (this.#value[name] ?? undefined) : undefined;
  }
}
