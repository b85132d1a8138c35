/** Connections that move much take turns, so that what others wait for comes between: a read takes up to 512 KB. */

/** A chunk of this size is one of many; smaller ones cost too little for their connection to be held back. */
export const BULK_CHUNK_BYTES: number = 64 * 1024;
/** Once so much was read in such chunks, of all connections together, everybody else is looked at first. */
export const BULK_TURN_BYTES: number = 256 * 1024;

/** A connection that can be kept from reading. */
export interface BulkReader {
  holdBack(): void;
  goOn(): void;
}

/** Whose turn it is. */
export class BulkTurns {
  readonly #later: (next: () => void) => void;
  readonly #waiting: BulkReader[] = [];
  #bytes = 0;
  #scheduled = false;

  /** `later` runs what it is given once all sockets that are ready were looked at. */
  constructor(later: (next: () => void) => void) {
    this.#later = later;
  }

  /** A connection has read a large chunk. Where that makes a turn, it is held back until the next that is its own. */
  took(reader: BulkReader, bytes: number): void {
    this.#bytes += bytes;
    this.#schedule();
    if (this.#bytes >= BULK_TURN_BYTES) this.#wait(reader);
  }

  /** A connection whose last chunk was large may read again. Where others have this turn, it is held back as well. */
  resumes(reader: BulkReader): void {
    this.#schedule();
    if (this.#bytes >= BULK_TURN_BYTES || this.#waiting.length > 0) this.#wait(reader);
    else this.#bytes += BULK_TURN_BYTES;
  }

  #wait(reader: BulkReader): void {
    reader.holdBack();
    this.#waiting.push(reader);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(this.#next);
  }

  readonly #next = (): void => {
    this.#scheduled = false;
    this.#bytes = 0;
    const next = this.#waiting.shift();
    if (this.#waiting.length > 0) this.#schedule();
    next?.goOn();
  };
}

/** Of this process: whoever reads takes the time of all. */
export const bulkTurns: BulkTurns = new BulkTurns(setImmediate);
