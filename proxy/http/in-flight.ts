/** How many requests of a direction wait for their answer (P5): those beyond the limit are refused at once. */

/** A request that may be counted. */
export interface Countable {
  /** It is among those that wait. */
  counted: boolean;
}

/** The count of one direction. */
export class InFlight {
  readonly #limit: number;
  #count = 0;

  /** `limit` is at least 1. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many wait now. */
  get count(): number {
    return this.#count;
  }

  /** Counts a request; false where there are too many. */
  enter(request: Countable): boolean {
    if (this.#count >= this.#limit) return false;
    this.#count++;
    request.counted = true;
    return true;
  }

  /** It has an answer, or needs none any more; once is enough. */
  leave(request: Countable): void {
    if (!request.counted) return;
    request.counted = false;
    this.#count--;
  }
}
