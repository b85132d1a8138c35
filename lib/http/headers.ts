/** An ordered, case-insensitive header list; names are kept in lower case. */

/** Header fields in order. `names` and `values` run in parallel; codecs read and push them directly. */
export class HeaderList {
  /** Field names in lower case. */
  readonly names: string[];
  readonly values: string[];
  /** Names whose values HTTP/2 may put into no table on the way, pseudo-headers too (RFC 7541 §6.2.3); most have none. */
  neverIndexed: Set<string> | undefined;

  /** With room for so many fields from the start: an array that grows is copied three times on the way to ten. */
  constructor(room = 0) {
    this.names = roomFor(room);
    this.values = roomFor(room);
  }

  static of(...fields: readonly (readonly [name: string, value: string])[]): HeaderList {
    const list = new HeaderList();
    for (const [name, value] of fields) list.add(name, value);
    return list;
  }

  get length(): number {
    return this.names.length;
  }

  /** Appends a field; the name must already be in lower case. */
  add(name: string, value: string): void {
    this.names.push(name);
    this.values.push(value);
  }

  /** The first value of a field (name in lower case). */
  get(name: string): string | undefined {
    const index = this.names.indexOf(name);
    return index < 0 ? undefined : this.values[index];
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  /** All values of a field, in order. */
  getAll(name: string): string[] {
    return this.values.filter((_, index) => this.names[index] === name);
  }

  /** Removes every field of this name and says whether there was one. */
  delete(name: string): boolean {
    const { names, values } = this;
    let kept = names.indexOf(name);
    if (kept < 0) return false;
    const { length } = names;
    for (let i = kept; i < length; i++) {
      if (names[i] === name) continue;
      names[kept] = names[i] as string;
      values[kept] = values[i] as string;
      kept++;
    }
    this.truncate(kept);
    return true;
  }

  /** Forgets all fields but the first `length`. */
  truncate(length: number): void {
    this.names.length = length;
    this.values.length = length;
  }

  /** Replaces every field of this name by one; its place is the end. */
  set(name: string, value: string): void {
    this.delete(name);
    this.add(name, value);
  }

  clone(): HeaderList {
    const copy = new HeaderList(this.names.length);
    if (this.neverIndexed !== undefined) copy.neverIndexed = new Set(this.neverIndexed);
    for (let i = 0; i < this.names.length; i++)
      copy.add(this.names[i] as string, this.values[i] as string);
    return copy;
  }
}

/** An empty array that need not grow before it has so many items. */
function roomFor(items: number): string[] {
  const array: string[] = new Array(items);
  array.length = 0;
  return array;
}
