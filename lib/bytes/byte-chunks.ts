/** Bytes kept for later in the order they came, so that a peer who sends them one by one gains nothing. */

/** A chunk of fewer bytes takes what comes next as well. */
const FULL_BYTES = 4096;
/** What a chunk that takes more grows to at least. */
const GROWN_BYTES = 512;

/** Copies of what came: of large pieces one chunk each, of small ones one chunk together. */
export class ByteChunks {
  /** Those that take no more; made when there is one. */
  #full: Buffer[] | undefined;
  /** The memory of the newest, which may take more. */
  #newest: Buffer | undefined;
  #newestBytes = 0;

  get empty(): boolean {
    return this.#newest === undefined;
  }

  /** Copies `bytes[from .. to)` behind what is kept. */
  push(bytes: Buffer, from = 0, to: number = bytes.length): void {
    if (from === to) return;
    const at = this.#newestBytes < FULL_BYTES ? this.#newestBytes : 0;
    const memory = this.#reserve(at, to - from);
    bytes.copy(memory, at, from, to);
    this.#newestBytes = at + to - from;
  }

  /** The oldest chunk, which is kept no longer; there must be one. */
  shift(): Buffer {
    const oldest = this.#full?.shift();
    if (oldest !== undefined) return oldest;
    const newest = this.#newestChunk();
    this.clear();
    return newest;
  }

  /** All chunks, oldest first; they stay as they are whatever is pushed later. */
  all(): readonly Buffer[] {
    if (this.#newest === undefined) return [];
    const newest = this.#newestChunk();
    return this.#full === undefined ? [newest] : [...this.#full, newest];
  }

  /** Everything in one; valid after what is pushed later too. */
  joined(): Buffer {
    return this.#full === undefined ? this.#newestChunk() : Buffer.concat(this.all());
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.#full = undefined;
    this.#newest = undefined;
    this.#newestBytes = 0;
  }

  #newestChunk(): Buffer {
    return (this.#newest ?? NOTHING).subarray(0, this.#newestBytes);
  }

  /** Memory with room for `count` more behind the `at` bytes of the newest chunk; at 0 a new one begins. */
  #reserve(at: number, count: number): Buffer {
    const newest = this.#newest;
    if (newest !== undefined && at === 0) {
      this.#full ??= [];
      this.#full.push(this.#newestChunk());
    } else if (newest !== undefined && at + count <= newest.length) return newest;
    // The first piece has just what it needs: most bodies are one. Doubled, a byte is copied a bounded number of times.
    const room = at === 0 ? count : Math.max(GROWN_BYTES, Math.min(2 * at, FULL_BYTES), at + count);
    const memory = Buffer.allocUnsafeSlow(room);
    newest?.copy(memory, 0, 0, at);
    this.#newest = memory;
    return memory;
  }
}

const NOTHING: Buffer = Buffer.alloc(0);
