/** Reads fields of objects of any form: what cannot be read is noted, never thrown. */

import { isObject } from "#lib/k8s/shape.ts";

/** Who decides whether an object may be stored. */
export interface Reviewer {
  /** Something has another form than its definition says. */
  mistyped(): void;
  /** Something is wrong; the sentence begins with the field. */
  refuse(sentence: string): void;
}

/** What a reader notes: of an object that is stored, and for who decides whether one is. */
export type Notes = {
  readonly faults: string[];
  readonly reviewer?: Reviewer | undefined;
  /** How the reviewer is told where it stands, if otherwise than in faults. */
  readonly place?: string;
};

/** One object of a spec. Null counts as nothing, as it does for the API server. */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #at: string;
  readonly #notes: Notes;

  /** `at` names the object in faults, which are put into the list or the notes that are given. */
  constructor(value: unknown, at: string, to: string[] | Notes) {
    this.#at = at;
    this.#notes = Array.isArray(to) ? { faults: to } : to;
    if (!isObject(value)) this.#mistyped(at, "is no object");
    this.#value = isObject(value) ? value : {};
  }

  text(name: string): string | undefined {
    const value = this.#own(name);
    if (value === undefined || typeof value === "string") return value;
    return this.#mistyped(this.#in(name), "is no text");
  }

  /** A text that must be there; empty where it is not. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") this.fault(name, "is missing");
    return value ?? "";
  }

  /** The same, where its definition says that it must be there; there it may be empty. */
  given(name: string): string {
    const value = this.text(name);
    if (value === undefined) this.#mistyped(this.#in(name), "is missing");
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
    if (typeof value !== "number") this.#notes.reviewer?.mistyped();
    return this.fault(name, `is no whole number from ${least} to ${most}`);
  }

  flag(name: string): boolean | undefined {
    const value = this.#own(name);
    if (value === undefined || typeof value === "boolean") return value;
    return this.#mistyped(this.#in(name), "is neither true nor false");
  }

  texts(name: string): readonly string[] {
    const value = this.list(name);
    if (value.some((each) => typeof each !== "string"))
      this.#mistyped(this.#in(name), "holds what is no text");
    return value.filter((each) => typeof each === "string");
  }

  /** The entries as they are. */
  list(name: string): readonly unknown[] {
    const value = this.#own(name);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.#mistyped(this.#in(name), "is no list");
    return [];
  }

  objects(name: string): readonly Fields[] {
    return this.list(name).map(
      (each, index) =>
        new Fields(each, `${this.#at}.${name}[${index}]`, this.#below(`${name}[${index}]`)),
    );
  }

  object(name: string): Fields | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    return new Fields(value, `${this.#at}.${name}`, this.#below(name));
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
    this.#notes.faults.push(`${this.#in(name)} ${why}`);
    return undefined;
  }

  /** Says that the object should not be stored as it is; of the whole where no name is given. */
  refuse(why: string, name?: string): void {
    const place = this.#notes.place ?? this.#at;
    this.#notes.reviewer?.refuse(`${name === undefined ? place : `${place}.${name}`}: ${why}`);
  }

  #below(name: string): Notes {
    const { place } = this.#notes;
    return place === undefined ? this.#notes : { ...this.#notes, place: `${place}.${name}` };
  }

  #mistyped(at: string, why: string): undefined {
    this.#notes.faults.push(`${at} ${why}`);
    this.#notes.reviewer?.mistyped();
    return undefined;
  }

  #in(name: string): string {
    return `${this.#at}.${name}`;
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? (this.#value[name] ?? undefined) : undefined;
  }
}
