/** What is to be done once all sockets that are ready were looked at, however often it was asked for before. */

/** One thing to do. */
export class NextTurn {
  readonly #later: (next: () => void) => void;
  readonly #work: () => void;
  #asked = false;

  /** `later` runs what it is given in the next turn of the event loop: setImmediate, but in tests. */
  constructor(later: (next: () => void) => void, work: () => void) {
    this.#later = later;
    this.#work = work;
  }

  /** Has it done in the next turn. */
  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#later(this.#begin);
  }

  readonly #begin = (): void => {
    this.#asked = false;
    this.#work();
  };
}
