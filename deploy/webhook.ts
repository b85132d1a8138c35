/** A webhook: what it serves with, how the API server reaches and verifies it, and who may renew its certificate. */

import { OPAQUE_PORTS } from "#lib/k8s/annotations.ts";
import type { ServingCertificate } from "#lib/k8s/certified-key.ts";
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from "#lib/k8s/types/admission.ts";
import type { Secret, Service, Volume } from "#lib/k8s/types/core.ts";
import { renewalLease, type Webhook, type WebhookKey } from "#lib/k8s/webhooks.ts";
import type { Component } from "../controller/injector/environment.ts";
import { controllerService } from "./controller.ts";
import { encoded } from "./identity.ts";
import { createdBy, labelsOf } from "./marks.ts";
import type { Rule } from "./rbac.ts";
import type { Requirement } from "./values/types.ts";
import type { Values } from "./values.ts";

/** Which webhook, and of what. */
export type ServedWebhook = {
  readonly key: WebhookKey;
  readonly webhook: Webhook;
  readonly component: Component;
  readonly values: Values;
  readonly certificate: ServingCertificate;
};

const SERVICE_PORT = 443;

/** The Secret that its pods serve with; none where others write it. */
export function webhookSecret(of: ServedWebhook): Secret[] {
  const { key, webhook, component, values, certificate } = of;
  if (values[key].externalSecret) return [];
  const secret: Secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: webhook.secret,
      namespace: values.namespace,
      labels: labelsOf(component, values),
      annotations: createdBy(values),
    },
    type: "kubernetes.io/tls",
    data: encoded({
      "tls.crt": certificate.crtPem,
      "tls.key": certificate.keyPem,
      "ca.crt": certificate.caPem,
    }),
  };
  return [secret];
}

/** That Secret as a pod mounts it. */
export function secretVolume(
  name: string,
  { webhook, mountPath }: { readonly webhook: Webhook; readonly mountPath: string },
): { readonly volume: Volume; readonly mountPath: string } {
  return { volume: { name, secret: { secretName: webhook.secret } }, mountPath };
}

/** The Service that the API server calls. */
export function webhookService(
  { webhook, component, values }: Omit<ServedWebhook, "certificate" | "key">,
  port: { readonly name: string; readonly port: number },
): Service {
  return controllerService(webhook.name, {
    ...{ values, component },
    port: { name: port.name, port: SERVICE_PORT, targetPort: port.port },
    annotations: { [OPAQUE_PORTS]: String(SERVICE_PORT) },
  });
}

/** Annotations by which cert-manager's injector knows what to give to the API server. */
const INJECT_CA = "cert-manager.io/inject-ca-";

type Selector = { readonly matchExpressions: readonly Requirement[] };
type Hook = NonNullable<MutatingWebhookConfiguration["webhooks"]>[number] &
  NonNullable<ValidatingWebhookConfiguration["webhooks"]>[number];

/** What the API server is told of it: which objects it is asked about, and what becomes of them while nobody answers. */
export function webhookConfiguration(
  of: ServedWebhook,
  how: {
    readonly rules: NonNullable<Hook["rules"]>;
    readonly namespaceSelector: Selector;
    readonly objectSelector?: Selector;
    /** 10 s where it is not said. */
    readonly timeoutSeconds?: number;
  },
): MutatingWebhookConfiguration & ValidatingWebhookConfiguration {
  const { key, webhook, component, values, certificate } = of;
  const { injectCaFrom, injectCaFromSecret } = values[key];
  const isInjected = injectCaFrom !== "" || injectCaFromSecret !== "";
  const { rules, namespaceSelector, objectSelector, timeoutSeconds } = how;
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: webhook.configuration.resource.kind,
    metadata: {
      name: webhook.configuration.name,
      labels: labelsOf(component, values),
      annotations: {
        ...createdBy(values),
        ...(injectCaFrom !== "" && { [`${INJECT_CA}from`]: injectCaFrom }),
        ...(injectCaFromSecret !== "" && { [`${INJECT_CA}from-secret`]: injectCaFromSecret }),
      },
    },
    webhooks: [
      {
        name: `${webhook.name}.linkerd.io`,
        namespaceSelector: selector(namespaceSelector),
        ...(objectSelector && { objectSelector: selector(objectSelector) }),
        clientConfig: {
          service: { name: webhook.name, namespace: values.namespace, path: "/" },
          // One that another writer has put there stays when this is applied again.
          ...(!isInjected && { caBundle: Buffer.from(certificate.caPem).toString("base64") }),
        },
        failurePolicy: values.webhookFailurePolicy,
        admissionReviewVersions: ["v1"],
        rules,
        sideEffects: "None",
        ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      },
    ],
  };
}

/** What the replica that holds the Lease needs to renew the certificates: these objects and no others. */
export function renewalRights(
  deployment: string,
  webhooks: readonly Webhook[],
): { readonly cluster: readonly Rule[]; readonly local: readonly Rule[] } {
  const one = { verbs: ["get", "update"] } as const;
  const leases = { group: "coordination.k8s.io", resources: ["leases"] } as const;
  const kinds = new Set(webhooks.map(({ configuration }) => configuration.resource.plural));
  return {
    cluster: [...kinds].map((plural) => ({
      ...one,
      group: "admissionregistration.k8s.io",
      resources: [plural],
      names: webhooks
        .filter(({ configuration }) => configuration.resource.plural === plural)
        .map(({ configuration }) => configuration.name),
    })),
    local: [
      { ...one, group: "", resources: ["secrets"], names: webhooks.map(({ secret }) => secret) },
      { ...one, ...leases, names: [renewalLease(deployment)] },
      // What is created has no name yet.
      { ...leases, verbs: ["create"] },
    ],
  };
}

const selector = ({ matchExpressions }: Selector) => ({
  matchExpressions: matchExpressions.map(({ values, ...rest }) => ({
    ...rest,
    ...(values && { values: [...values] }),
  })),
});
