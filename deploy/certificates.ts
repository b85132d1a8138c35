/** The certificates of a fresh installation: trust anchor, issuer, and what the webhook serves with. */

import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { keyIdOf } from "#lib/x509/key-id.ts";
import { toPem } from "#lib/x509/pem.ts";
import { signCertificate } from "#lib/x509/sign.ts";
import type { Values } from "./values.ts";

/** A certificate and its key, PEM. */
export interface CertifiedKey {
  readonly crtPem: string;
  readonly keyPem: string;
}

/** All that the manifests carry. */
export interface Certificates {
  /** The trust anchors; one PEM, one or more certificates. */
  readonly anchorsPem: string;
  readonly issuer: CertifiedKey;
  readonly proxyInjector: ServingCertificate;
}

/** What a webhook serves with, and what the API server verifies it by. */
export type ServingCertificate = CertifiedKey & { readonly caPem: string };

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

/** How long they hold, from an hour before now. */
const DAY_MS = 86_400_000;
const LIFETIMES_MS = { anchor: 3650 * DAY_MS, issuer: 365 * DAY_MS, serving: 365 * DAY_MS };

/** Clocks of nodes may differ by this much. */
const BACKDATED_MS = 3_600_000;

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

/** A certificate for a Service's name, by an authority that is made for it and then forgotten. */
export function createServingCertificate(host: string, nowMs: number): ServingCertificate {
  const how = { nowMs, lifetimeMs: LIFETIMES_MS.serving };
  const authority = createAuthority(`${host} CA`, how);
  const leaf = certify(
    { name: host, dnsNames: [host], authority: false },
    { ...how, signer: authority },
  );
  return { crtPem: leaf.crtPem, keyPem: leaf.keyPem, caPem: authority.crtPem };
}

type Signer = { readonly name: string; readonly key: KeyObject };
type How = { readonly nowMs: number; readonly lifetimeMs: number; readonly signer?: Signer };

const createAuthority = (name: string, how: How): CertifiedKey & Signer =>
  certify({ name, dnsNames: [], authority: true }, how);

function certify(
  what: {
    readonly name: string;
    readonly dnsNames: readonly string[];
    readonly authority: boolean;
  },
  { nowMs, lifetimeMs, signer }: How,
): CertifiedKey & Signer {
  const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const by = signer ?? { name: what.name, key };
  const content = {
    commonName: what.name,
    issuerCommonName: by.name,
    issuerKeyId: keyIdOf(createPublicKey(by.key)),
    dnsNames: what.dnsNames,
    publicKey: createPublicKey(key),
    serial: randomBytes(16),
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + lifetimeMs),
    authority: what.authority,
  };
  const der = signCertificate(content, (bytes) => sign("sha256", bytes, by.key));
  return {
    name: what.name,
    key,
    crtPem: toPem("CERTIFICATE", der),
    keyPem: key.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}
