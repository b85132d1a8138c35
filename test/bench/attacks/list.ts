/** Every attack of the bench. */

import type { Attack } from "./attack.ts";
import { CONNECTION_ATTACKS } from "./connections.ts";
import { HTTP1_ATTACKS } from "./http1.ts";
import { HTTP2_ATTACKS } from "./http2.ts";

/** In the order of the faults' table. */
export const ATTACKS: readonly Attack[] = [
  ...HTTP1_ATTACKS,
  ...HTTP2_ATTACKS,
  ...CONNECTION_ATTACKS,
];
