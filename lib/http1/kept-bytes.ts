/** Bytes that have come and cannot be taken yet, gathered so that a peer who sends them one by one gains nothing. */

/** What the memory begins with. */
const INITIAL_BYTES = 512;

/** Grows by doubling, so that a byte is copied a bounded number of times however small the pieces are. */
export class KeptBytes {
  #memory: Buffer | undefined;
  #from = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#from;
  }

  /** All that is kept; valid until the next call. */
  view(): Buffer {
    return (this.#memory ?? EMPTY).subarray(this.#from, this.#end);
  }

  /** Copies `bytes[from .. end)` behind what is kept. */
  push(bytes: Buffer, from = 0, end: number = bytes.length): void {
    const memory = this.#reserve(end - from);
    bytes.copy(memory, this.#end, from, end);
    this.#end += end - from;
  }

  /** Forgets so many bytes at the front. */
  drop(count: number): void {
    this.#from += count;
    if (this.#from === this.#end) this.clear();
  }

  /** Forgets all and gives the memory back. */
  clear(): void {
    this.#memory = undefined;
    this.#from = 0;
    this.#end = 0;
  }

  #reserve(count: number): Buffer {
    const { length } = this;
    const memory = this.#memory;
    if (memory !== undefined && this.#end + count <= memory.length) return memory;
    const grown = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, 2 * length, length + count));
    memory?.copy(grown, 0, this.#from, this.#end);
    this.#memory = grown;
    this.#from = 0;
    this.#end = length;
    return grown;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
