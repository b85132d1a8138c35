/** Who looks at the requests of a direction. */

import type { Taps } from "../tap/taps.ts";
import type { Tracer } from "./tracer.ts";

/** Those who tap, and the one who traces. */
export interface Lookers {
  readonly taps: Taps;
  readonly tracer: Tracer | undefined;
}
