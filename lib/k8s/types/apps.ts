/** Workloads of the group apps. */

import type {
  V1DaemonSet,
  V1Deployment,
  V1ReplicaSet,
  V1StatefulSet,
} from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type Deployment = Json<V1Deployment>;
export type ReplicaSet = Json<V1ReplicaSet>;
export type DaemonSet = Json<V1DaemonSet>;
export type StatefulSet = Json<V1StatefulSet>;
