/** Who a token belongs to. */

import type { V1TokenReview } from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type TokenReview = Json<V1TokenReview>;
