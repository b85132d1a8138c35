/** How many requests of a direction wait for their answer (P5): those beyond the limit are refused at once. */

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
  enter(): boolean {
    if (this.#count >= this.#limit) return false;
    this.#count++;
    return true;
  }

  /** One that was counted has an answer, or needs none any more. */
  leave(): void {
    this.#count--;
  }
}
