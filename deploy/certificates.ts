/** The certificates of a fresh installation: trust anchor, issuer, and what the webhook serves with. */

import {
  type CertifiedKey,
  createAuthority,
  createServingCertificate,
  type ServingCertificate,
} from "#lib/k8s/certified-key.ts";
import type { Values } from "./values.ts";

/** All that the manifests carry. */
export interface Certificates {
  /** The trust anchors; one PEM, one or more certificates. */
  readonly anchorsPem: string;
  readonly issuer: CertifiedKey;
  readonly proxyInjector: ServingCertificate;
}

/** Anchors and issuer of the user's own. */
export type OwnAuthority = { readonly anchorsPem: string; readonly issuer: CertifiedKey };

/** The certificates that are among the values; undefined what is not, or not whole. */
export function certificatesIn({ identity, identityTrustAnchorsPEM, proxyInjector }: Values): {
  readonly own: OwnAuthority | undefined;
  readonly serving: ServingCertificate | undefined;
} {
  const issuer = { crtPem: identity.issuer.tls.crtPEM, keyPem: identity.issuer.tls.keyPEM };
  const { crtPEM: crtPem, keyPEM: keyPem, caBundle: caPem } = proxyInjector;
  const has = (...all: readonly string[]): boolean => all.every((pem) => pem !== "");
  return {
    own: has(identityTrustAnchorsPEM, issuer.crtPem, issuer.keyPem)
      ? { anchorsPem: identityTrustAnchorsPEM, issuer }
      : undefined,
    serving: has(crtPem, keyPem, caPem) ? { crtPem, keyPem, caPem } : undefined,
  };
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
  /** Anchors and issuer of the user's own. */
  readonly own?: OwnAuthority | undefined;
  /** What the webhook is to serve with. */
  readonly serving?: ServingCertificate | undefined;
}): Certificates & { readonly anchorKeyPem: string | undefined } {
  const { namespace, trustDomain, nowMs, own } = options;
  const host = `linkerd-proxy-injector.${namespace}.svc`;
  const proxyInjector = options.serving ?? createServingCertificate(host, nowMs);
  if (own !== undefined) return { ...own, proxyInjector, anchorKeyPem: undefined };
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
    proxyInjector,
    anchorKeyPem: anchor.keyPem,
  };
}
