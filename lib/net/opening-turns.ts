/** Connections that come or are wanted all at once are opened a few at a time, so that others are served between. */

/** So many are opened before everybody else is looked at; each costs up to 80 µs. */
export const OPENINGS_PER_TURN = 16;

/** A connection that was accepted or is to be made. */
export interface Opening {
  /** Its turn comes later. */
  wait(): void;
  /** It is its turn; false where it has gone meanwhile and takes nobody's. Must not throw. */
  open(): boolean;
}

/** Whose turn it is. */
export class OpeningTurns {
  readonly #later: (next: () => void) => void;
  readonly #waiting: Opening[] = [];
  #opened = 0;
  #scheduled = false;

  /** `later` runs what it is given once all sockets that are ready were looked at. */
  constructor(later: (next: () => void) => void) {
    this.#later = later;
  }

  /** Opens this one in its turn, now or later. */
  add(opening: Opening): void {
    this.#schedule();
    if (this.#opened < OPENINGS_PER_TURN && this.#waiting.length === 0) {
      if (opening.open()) this.#opened++;
      return;
    }
    opening.wait();
    this.#waiting.push(opening);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(this.#next);
  }

  readonly #next = (): void => {
    this.#scheduled = false;
    this.#opened = 0;
    while (this.#opened < OPENINGS_PER_TURN) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      this.#schedule();
      if (first.open()) this.#opened++;
    }
  };
}

/** Of this process: whoever is opened takes the time of all. */
export const openingTurns: OpeningTurns = new OpeningTurns(setImmediate);

/** Begins to make a connection in its turn. */
export function openInTurn(begin: () => void): void {
  openingTurns.add({
    wait: () => undefined,
    open: () => {
      begin();
      return true;
    },
  });
}
