/** The certificates of a fresh installation: trust anchor, issuer, and what the webhooks serve with. */

import {
  type CertifiedKey,
  createAuthority,
  createServingCertificate,
  type ServingCertificate,
} from "#lib/k8s/certified-key.ts";
import { ofEachWebhook, type WebhookKey, webhookHost } from "#lib/k8s/webhooks.ts";
import type { Values } from "./values.ts";

/** Trust anchors, one PEM with one or more certificates, and the issuer. */
export type OwnAuthority = { readonly anchorsPem: string; readonly issuer: CertifiedKey };

/** What each webhook serves with. */
export type WebhookCertificates = Readonly<Record<WebhookKey, ServingCertificate>>;

/** All that an installation can be made of. */
export type OwnCertificates = OwnAuthority & WebhookCertificates;

/** All that the manifests carry: no issuer where others write its Secret. */
export type Certificates = WebhookCertificates & {
  readonly anchorsPem: string;
  readonly issuer: CertifiedKey | undefined;
};

/** The certificates that are among the values, without those that are not, or not whole. */
export function certificatesIn(values: Values): {
  readonly own: Partial<OwnAuthority>;
  readonly serving: Partial<WebhookCertificates>;
} {
  const { identity, identityTrustAnchorsPEM } = values;
  const issuer = { crtPem: identity.issuer.tls.crtPEM, keyPem: identity.issuer.tls.keyPEM };
  const has = (...all: readonly string[]): boolean => all.every((pem) => pem !== "");
  const serving = ofEachWebhook((key) => {
    const { externalSecret, crtPEM: crtPem, keyPEM: keyPem, caBundle: caPem } = values[key];
    // Of one that others write only the CA is anybody's to know.
    return externalSecret || has(crtPem, keyPem, caPem) ? { crtPem, keyPem, caPem } : undefined;
  });
  return {
    own: {
      ...(has(identityTrustAnchorsPEM) && { anchorsPem: identityTrustAnchorsPEM }),
      ...(has(issuer.crtPem, issuer.keyPem) && { issuer }),
    },
    serving: given(serving),
  };
}

function given(
  all: Readonly<Record<WebhookKey, ServingCertificate | undefined>>,
): Partial<WebhookCertificates> {
  const some = Object.entries(all).filter(([, certificate]) => certificate !== undefined);
  return Object.fromEntries(some) as Partial<WebhookCertificates>;
}

/** Values as they are kept in the cluster: certificates and keys that are ours have objects of their own there. */
export function withoutCertificates(values: Values): Values {
  const { issuer } = values.identity;
  const none = { crtPEM: "", keyPEM: "" };
  const serving = <T extends Values[WebhookKey]>(webhook: T): T => ({
    ...webhook,
    ...none,
    caBundle: webhook.externalSecret ? webhook.caBundle : "",
  });
  return {
    ...values,
    identityTrustAnchorsPEM: "",
    identity: { ...values.identity, issuer: { ...issuer, tls: none } },
    proxyInjector: serving(values.proxyInjector),
    policyValidator: serving(values.policyValidator),
    profileValidator: serving(values.profileValidator),
  };
}

/** How long they hold. */
const DAY_MS = 86_400_000;
const LIFETIMES_MS = { anchor: 3650 * DAY_MS, issuer: 365 * DAY_MS };

/** Makes them, webhooks' unless given. The anchor's key is in `anchorKeyPem`, and nowhere else: whoever keeps it can renew the issuer. */
export function createCertificates(options: {
  readonly namespace: string;
  readonly trustDomain: string;
  /** Calendar milliseconds. */
  readonly nowMs: number;
  /** What webhooks are to serve with. */
  readonly serving?: Partial<WebhookCertificates>;
}): OwnCertificates & { readonly anchorKeyPem: string } {
  const { namespace, trustDomain, nowMs } = options;
  const serving = ofEachWebhook(
    (key, webhook) =>
      options.serving?.[key] ?? createServingCertificate(webhookHost(webhook, namespace), nowMs),
  );
  const anchor = createAuthority(`root.${namespace}.${trustDomain}`, {
    nowMs,
    lifetimeMs: LIFETIMES_MS.anchor,
  });
  const issuer = createAuthority(`identity.${namespace}.${trustDomain}`, {
    nowMs,
    lifetimeMs: LIFETIMES_MS.issuer,
    signer: anchor,
  });
  return {
    anchorsPem: anchor.crtPem,
    issuer: { crtPem: issuer.crtPem, keyPem: issuer.keyPem },
    ...serving,
    anchorKeyPem: anchor.keyPem,
  };
}
