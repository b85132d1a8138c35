/** What happened to an object, for `kubectl describe` and `kubectl get events`. */

import type { CoreV1Event } from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type KubeEvent = Json<CoreV1Event>;
