/** The process's own environment. */

import type { Variables } from "./config/env-reader.ts";

/** All of its variables. */
export function processVariables(): Variables {
  return process.env;
}
