/** Webhooks and the kinds that extend the API. */

import type {
  V1CustomResourceDefinition,
  V1MutatingWebhookConfiguration,
  V1ValidatingWebhookConfiguration,
} from "@kubernetes/client-node";
import type { Json, KubeObject } from "./meta.ts";

export type MutatingWebhookConfiguration = Json<V1MutatingWebhookConfiguration>;
export type ValidatingWebhookConfiguration = Json<V1ValidatingWebhookConfiguration>;
export type CustomResourceDefinition = Json<V1CustomResourceDefinition>;

/** What both kinds of webhook configurations say of how a webhook is verified. */
export type WebhookConfiguration = KubeObject & {
  webhooks?: { clientConfig: { caBundle?: string } }[];
};
