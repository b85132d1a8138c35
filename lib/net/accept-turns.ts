/** Connections that come all at once are taken in a few at a time, so that those who are there already are served between. */

/** So many are taken in before everybody else is looked at; each costs up to 80 µs. */
export const ACCEPTS_PER_TURN = 8;

/** A connection that can wait before anything of it is read. */
export interface Arrival {
  readonly isClosed: boolean;
  holdBack(): void;
  goOn(): void;
}

/** Whose turn it is to be taken in. */
export class AcceptTurns {
  readonly #later: (next: () => void) => void;
  readonly #waiting: { readonly arrival: Arrival; readonly takeIn: () => void }[] = [];
  #taken = 0;
  #scheduled = false;

  /** `later` runs what it is given once all sockets that are ready were looked at. */
  constructor(later: (next: () => void) => void) {
    this.#later = later;
  }

  /** A connection is there; `takeIn` is called in its turn, now or later, and must not throw. */
  came(arrival: Arrival, takeIn: () => void): void {
    this.#schedule();
    if (this.#taken < ACCEPTS_PER_TURN && this.#waiting.length === 0) {
      this.#taken++;
      takeIn();
      return;
    }
    arrival.holdBack();
    this.#waiting.push({ arrival, takeIn });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(this.#next);
  }

  readonly #next = (): void => {
    this.#scheduled = false;
    this.#taken = 0;
    while (this.#taken < ACCEPTS_PER_TURN) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      if (first.arrival.isClosed) continue;
      this.#taken++;
      this.#schedule();
      first.takeIn();
      first.arrival.goOn();
    }
  };
}

/** Of this process: whoever is taken in takes the time of all. */
export const acceptTurns: AcceptTurns = new AcceptTurns(setImmediate);
