/** The mesh's admission webhooks: what their objects are called, as Linkerd's. */

import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  type Resource,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from "./resource.ts";
import type { WebhookConfiguration } from "./types/admission.ts";

/** One of them. */
export type Webhook = {
  /** Its Service, in the control plane's namespace. */
  readonly name: string;
  /** The Secret that it serves with. */
  readonly secret: string;
  /** The object by which the API server verifies it. */
  readonly configuration: {
    readonly resource: Resource<WebhookConfiguration>;
    readonly name: string;
  };
};

const webhook = (name: string, resource: Resource<WebhookConfiguration>): Webhook => ({
  name,
  secret: `${name}-k8s-tls`,
  configuration: { resource, name: `${name}-webhook-config` },
});

/** The injector's; its Deployment and its account are called the same. */
export const INJECTOR: Webhook = webhook("linkerd-proxy-injector", MUTATING_WEBHOOK_CONFIGURATIONS);
/** What policy objects are held to. */
export const POLICY_VALIDATOR: Webhook = webhook(
  "linkerd-policy-validator",
  VALIDATING_WEBHOOK_CONFIGURATIONS,
);
/** What ServiceProfiles are held to. */
export const PROFILE_VALIDATOR: Webhook = webhook(
  "linkerd-sp-validator",
  VALIDATING_WEBHOOK_CONFIGURATIONS,
);

/** All of them, by what the values of Linkerd's chart call them. */
export const WEBHOOKS: Readonly<
  Record<"proxyInjector" | "policyValidator" | "profileValidator", Webhook>
> = {
  proxyInjector: INJECTOR,
  policyValidator: POLICY_VALIDATOR,
  profileValidator: PROFILE_VALIDATOR,
};

/** What its values are called. */
export type WebhookKey = keyof typeof WEBHOOKS;

/** Something of each of them. */
export function ofEachWebhook<T>(
  make: (key: WebhookKey, webhook: Webhook) => T,
): Record<WebhookKey, T> {
  const entries = Object.entries(WEBHOOKS).map(([key, each]) => [
    key,
    make(key as WebhookKey, each),
  ]);
  return Object.fromEntries(entries) as Record<WebhookKey, T>;
}

/** The host that the API server wants a webhook's certificate to be for. */
export function webhookHost({ name }: Webhook, namespace: string): string {
  return `${name}.${namespace}.svc`;
}

/** The Lease of the replica that renews the certificates of a Deployment's webhooks. */
export function renewalLease(deployment: string): string {
  return `${deployment}-certificates`;
}
