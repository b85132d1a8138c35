/** One case that is too long for `npm test`. */

import type { Bed } from "../../demo/bed.ts";

/** What a case works with. */
export interface Place {
  readonly bed: Bed;
  /** A current kubectl. */
  readonly kubectl: string;
}

/** A case; it throws where something is not as it must be, and gives what it found. */
export interface LongCase {
  /** Begins with the rows that it shows, as tests do. */
  readonly name: string;
  run(place: Place): Promise<string>;
}
