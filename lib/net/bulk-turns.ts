/** Connections that move much take turns, so that what others wait for comes between: a read takes up to 512 KB. */

import { NextTurn } from "./next-turn.ts";

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
  readonly #turn: NextTurn;
  readonly #waiting: BulkReader[] = [];
  #bytes = 0;

  /** `later` as in NextTurn. */
  constructor(later: (next: () => void) => void) {
    this.#turn = new NextTurn(later, () => this.#begin());
  }

  /** A connection has read a large chunk. Where that makes a turn, it is held back until the next that is its own. */
  took(reader: BulkReader, bytes: number): void {
    this.#bytes += bytes;
    this.#turn.ask();
    if (this.#bytes >= BULK_TURN_BYTES) this.#wait(reader);
  }

  /** A connection whose last chunk was large may read again. Where others have this turn, it is held back as well. */
  resumes(reader: BulkReader): void {
    this.#turn.ask();
    if (this.#bytes >= BULK_TURN_BYTES || this.#waiting.length > 0) this.#wait(reader);
    else this.#bytes += BULK_TURN_BYTES;
  }

  #wait(reader: BulkReader): void {
    reader.holdBack();
    this.#waiting.push(reader);
  }

  #begin(): void {
    this.#bytes = 0;
    const next = this.#waiting.shift();
    if (this.#waiting.length > 0) this.#turn.ask();
    next?.goOn();
  }
}

/** Of this process: whoever reads takes the time of all. */
export const bulkTurns: BulkTurns = new BulkTurns(setImmediate);
