/** Workloads of the group batch. */

import type { V1Job } from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type Job = Json<V1Job>;
