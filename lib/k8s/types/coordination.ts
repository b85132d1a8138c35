/** Leases of the group coordination.k8s.io. */

import type { V1Lease } from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type Lease = Json<V1Lease>;
