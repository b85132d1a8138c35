/** The dynamic table with its size limit (RFC 7541 §4): a ring whose newest entry has the lowest index. */

/** What an entry costs beside its name and value (RFC 7541 §4.1). */
export const ENTRY_OVERHEAD_BYTES = 32;

/** Names and values, evicted from the oldest side. */
export class DynamicTable {
  #names: string[] = [];
  #values: string[] = [];
  /** What the decoder's receiver said of each entry. */
  #sound: boolean[] = [];
  /** Where the oldest living entry stands in the arrays. */
  #first = 0;
  #size = 0;
  #limit: number;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** How many entries there are. */
  get length(): number {
    return this.#names.length - this.#first;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  get limitBytes(): number {
    return this.#limit;
  }

  /** Changes the limit and evicts what no longer fits. */
  resize(limitBytes: number): void {
    this.#limit = limitBytes;
    this.#evict();
  }

  /** Adds an entry; one that is larger than the table empties it (RFC 7541 §4.4). Returns how many were evicted. */
  add(name: string, value: string, sound = false): number {
    const before = this.length;
    this.#names.push(name);
    this.#values.push(value);
    this.#sound.push(sound);
    this.#size += name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.#evict();
    return before + 1 - this.length;
  }

  /** The name at an index from 1 (newest); undefined past the end. */
  name(index: number): string | undefined {
    return index > this.length ? undefined : this.#names[this.#names.length - index];
  }

  value(index: number): string | undefined {
    return index > this.length ? undefined : this.#values[this.#values.length - index];
  }

  /** Whether the entry was said to be sound; the index must be within the table. */
  sound(index: number): boolean {
    return this.#sound[this.#sound.length - index] === true;
  }

  #evict(): void {
    while (this.#size > this.#limit) {
      const [name, value] = [
        this.#names[this.#first] as string,
        this.#values[this.#first] as string,
      ];
      this.#size -= name.length + value.length + ENTRY_OVERHEAD_BYTES;
      // Of what is larger than the table nothing may stay but its place.
      this.#names[this.#first] = "";
      this.#values[this.#first] = "";
      this.#first++;
    }
    if (this.#first > 256 && this.#first > this.length) {
      this.#names = this.#names.slice(this.#first);
      this.#values = this.#values.slice(this.#first);
      this.#sound = this.#sound.slice(this.#first);
      this.#first = 0;
    }
  }
}
