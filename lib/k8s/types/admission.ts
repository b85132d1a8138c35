/** Webhooks and the kinds that extend the API. */

import type {
  V1CustomResourceDefinition,
  V1MutatingWebhookConfiguration,
} from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type MutatingWebhookConfiguration = Json<V1MutatingWebhookConfiguration>;
export type CustomResourceDefinition = Json<V1CustomResourceDefinition>;
