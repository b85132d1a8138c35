/** Objects of kinds that a cluster defines itself: nothing vouches for the form of their fields. */

import type { KubeObject } from "./meta.ts";

export type CustomObject = KubeObject & { spec?: unknown; status?: unknown };
