/** Who a token belongs to, and what somebody may do. */

import type { V1SubjectAccessReview, V1TokenReview } from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type TokenReview = Json<V1TokenReview>;
export type SubjectAccessReview = Json<V1SubjectAccessReview>;
