/** Connections that come or are wanted all at once are opened a few at a time, so that others are served between. */

import { NextTurn } from "./next-turn.ts";

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
  readonly #turn: NextTurn;
  readonly #waiting: Opening[] = [];
  #opened = 0;

  /** `later` as in NextTurn. */
  constructor(later: (next: () => void) => void) {
    this.#turn = new NextTurn(later, () => this.#begin());
  }

  /** Opens this one in its turn, now or later. */
  add(opening: Opening): void {
    this.#turn.ask();
    if (this.#opened < OPENINGS_PER_TURN && this.#waiting.length === 0) {
      if (opening.open()) this.#opened++;
      return;
    }
    opening.wait();
    this.#waiting.push(opening);
  }

  #begin(): void {
    this.#opened = 0;
    while (this.#opened < OPENINGS_PER_TURN) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      this.#turn.ask();
      if (first.open()) this.#opened++;
    }
  }
}

/** Of this process: whoever is opened takes the time of all. */
const openingTurns: OpeningTurns = new OpeningTurns(setImmediate);

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

/** A connection that is there, and is not read before its turn. */
export interface Accepted {
  readonly isClosed: boolean;
  holdBack(): void;
  goOn(): void;
  destroy(): void;
}

/** What is done with it in its turn. */
export interface AcceptedObserver {
  begin(): void;
  /** It has gone before its turn came. */
  onGone(): void;
  /** `begin` threw: our fault, so it is reported and the connection ends. */
  onFault(error: Error): void;
}

/** Begins with a connection that is there in its turn. */
export function takeInTurn(
  accepted: Accepted,
  observer: AcceptedObserver,
  turns: OpeningTurns = openingTurns,
): void {
  turns.add({
    wait: () => accepted.holdBack(),
    open: () => {
      if (accepted.isClosed) {
        observer.onGone();
        return false;
      }
      try {
        observer.begin();
      } catch (error) {
        observer.onFault(error as Error);
        accepted.destroy();
      }
      accepted.goOn();
      return true;
    },
  });
}
