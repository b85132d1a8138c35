/** Disruption budgets of the group policy. */

import type { V1PodDisruptionBudget } from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type PodDisruptionBudget = Json<V1PodDisruptionBudget>;
