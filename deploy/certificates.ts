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

/** All that the manifests carry. */
export type Certificates = OwnAuthority & WebhookCertificates;

/** The certificates that are among the values; undefined what is not, or not whole. */
export function certificatesIn(values: Values): {
  readonly own: OwnAuthority | undefined;
  readonly serving: Partial<WebhookCertificates>;
} {
  const { identity, identityTrustAnchorsPEM } = values;
  const issuer = { crtPem: identity.issuer.tls.crtPEM, keyPem: identity.issuer.tls.keyPEM };
  const has = (...all: readonly string[]): boolean => all.every((pem) => pem !== "");
  const serving = ofEachWebhook((key) => {
    const { crtPEM: crtPem, keyPEM: keyPem, caBundle: caPem } = values[key];
    return has(crtPem, keyPem, caPem) ? { crtPem, keyPem, caPem } : undefined;
  });
  return {
    own: has(identityTrustAnchorsPEM, issuer.crtPem, issuer.keyPem)
      ? { anchorsPem: identityTrustAnchorsPEM, issuer }
      : undefined,
    serving: given(serving),
  };
}

function given(
  all: Readonly<Record<WebhookKey, ServingCertificate | undefined>>,
): Partial<WebhookCertificates> {
  const some = Object.entries(all).filter(([, certificate]) => certificate !== undefined);
  return Object.fromEntries(some) as Partial<WebhookCertificates>;
}

/** Values as they are kept in the cluster: certificates and keys have objects of their own there. */
export function withoutCertificates(values: Values): Values {
  const { issuer } = values.identity;
  const none = { crtPEM: "", keyPEM: "" };
  return {
    ...values,
    identityTrustAnchorsPEM: "",
    identity: { ...values.identity, issuer: { ...issuer, tls: none } },
    proxyInjector: { ...values.proxyInjector, ...none, caBundle: "" },
    policyValidator: { ...values.policyValidator, ...none, caBundle: "" },
    profileValidator: { ...values.profileValidator, ...none, caBundle: "" },
  };
}

/** How long they hold. */
const DAY_MS = 86_400_000;
const LIFETIMES_MS = { anchor: 3650 * DAY_MS, issuer: 365 * DAY_MS };

/** Makes what is not given. The anchor's key is in `anchorKeyPem`, and nowhere else: whoever keeps it can renew the issuer. */
export function createCertificates(options: {
  readonly namespace: string;
  readonly trustDomain: string;
  /** Calendar milliseconds. */
  readonly nowMs: number;
  /** The user's own. */
  readonly own?: OwnAuthority | undefined;
  /** What webhooks are to serve with. */
  readonly serving?: Partial<WebhookCertificates>;
}): Certificates & { readonly anchorKeyPem: string | undefined } {
  const { namespace, trustDomain, nowMs, own } = options;
  const serving = ofEachWebhook(
    (key, webhook) =>
      options.serving?.[key] ?? createServingCertificate(webhookHost(webhook, namespace), nowMs),
  );
  if (own !== undefined) return { ...own, ...serving, anchorKeyPem: undefined };
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
