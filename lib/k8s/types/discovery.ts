/** Where a Service's endpoints are. */

import type { V1EndpointSlice } from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type EndpointSlice = Json<V1EndpointSlice>;
