/** The next step of a webhook's certificate towards a new one; pure.
 *
 * The steps: trust a new authority beside the old one, serve by it, forget the old one. Which is next follows from the
 * objects alone, so that whoever leads goes on where another one ended: a pair that was lost between the first two steps
 * leaves an authority that nobody's key belongs to, which is forgotten with the old one.
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIssuedBy } from "#lib/identity/trust-bundle.ts";
import { type ServingCertificate, servingAuthority } from "#lib/k8s/certified-key.ts";
import { fromPem, toPem } from "#lib/x509/pem.ts";

/** What is served, and what it is verified by; PEM, empty where there is none. */
export type ServedObjects = {
  readonly crtPem: string;
  readonly keyPem: string;
  /** The authority, as the Secret notes it beside the certificate. */
  readonly caPem: string;
  /** What the API server verifies by. */
  readonly bundlePem: string;
};

/** What has been seen, monotonic milliseconds: nothing is derived from dates in objects. */
export type Seen = {
  readonly nowMs: number;
  /** Since when the Secret has been as it is. */
  readonly servedMs: number;
  /** Since when the API server has been told to verify by what it is told now. */
  readonly trustedMs: number;
};

/** What is to be done next. `make`: a pair, with which the plan is asked again. */
export type CertificateStep =
  | { readonly type: "rest" | "wait" | "make" | "foreign" }
  | { readonly type: "trust" | "forget"; readonly bundlePem: string }
  | { readonly type: "serve"; readonly pair: ServingCertificate };

/** A certificate is renewed when less than this share of its lifetime is left. */
export const RENEWAL_SHARE: number = 1 / 3;
/** Every API server has read a changed webhook configuration by then; they watch it. */
export const TRUSTED_EVERYWHERE_MS = 60_000;
/**
 * Every replica serves by a changed Secret by then: kubelets write it within two minutes, the injector reads it every
 * few seconds. A node whose kubelet has not been heard of for longer has been marked unreachable and takes no reviews.
 */
export const SERVED_EVERYWHERE_MS = 600_000;
/** Authorities in the webhook configuration; beyond that, those that issued nothing that is served go first. */
export const BUNDLE_LIMIT = 8;

/** Decides. `pair` is the new one, while there is one that was made and is not served yet. */
export function planCertificate(
  served: ServedObjects,
  how: {
    readonly host: string;
    readonly wallMs: number;
    readonly seen: Seen;
    readonly pair: ServingCertificate | undefined;
  },
): CertificateStep {
  const { host, wallMs, seen, pair } = how;
  const [leaf] = certificatesIn(served.crtPem);
  // A user's own, or none yet: theirs to renew.
  if (leaf?.issuer !== `CN=${servingAuthority(host)}`) return { type: "foreign" };
  const bundle = certificatesIn(served.bundlePem);
  const own = bundle.filter((authority) => isIssuedBy(leaf, authority));
  const noted = certificatesIn(served.caPem).filter((authority) => isIssuedBy(leaf, authority));
  if (own.length === 0 && noted.length > 0)
    return { type: "trust", bundlePem: pemOf([...bundle, ...noted]) };
  const usable =
    own.length > 0 && Date.parse(leaf.validTo) > wallMs && belongs(leaf, served.keyPem);
  if (usable && !isDue(leaf, wallMs)) {
    if (own.length === bundle.length) return { type: "rest" };
    return seen.nowMs - seen.servedMs < SERVED_EVERYWHERE_MS
      ? { type: "wait" }
      : { type: "forget", bundlePem: pemOf(own) };
  }
  if (pair === undefined) return { type: "make" };
  const [next] = certificatesIn(pair.caPem);
  if (next !== undefined && !bundle.some(({ raw }) => raw.equals(next.raw))) {
    const others = bundle.filter((each) => !own.includes(each));
    const kept = others.slice(Math.max(0, others.length + own.length + 1 - BUNDLE_LIMIT));
    return { type: "trust", bundlePem: pemOf([...own, ...kept, next]) };
  }
  // Where what is served is of no use any more, there is nothing to wait for.
  const waits = usable && seen.nowMs - seen.trustedMs < TRUSTED_EVERYWHERE_MS;
  return waits ? { type: "wait" } : { type: "serve", pair };
}

function isDue({ validFrom, validTo }: X509Certificate, wallMs: number): boolean {
  const endMs = Date.parse(validTo);
  return endMs - wallMs < (endMs - Date.parse(validFrom)) * RENEWAL_SHARE;
}

function belongs(leaf: X509Certificate, keyPem: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

/** What can be read; a text with garbage in it counts as empty. */
function certificatesIn(pem: string): X509Certificate[] {
  try {
    return fromPem("CERTIFICATE", pem).map((der) => new X509Certificate(der));
  } catch {
    return [];
  }
}

function pemOf(certificates: readonly X509Certificate[]): string {
  return certificates.map(({ raw }) => toPem("CERTIFICATE", Uint8Array.from(raw))).join("");
}
