/** Keys that are made together with their certificates: authorities, and what webhooks serve with. */

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

/** A certificate and its key, PEM. */
export interface CertifiedKey {
  readonly crtPem: string;
  readonly keyPem: string;
}

/** What a webhook serves with, and what the API server verifies it by. */
export type ServingCertificate = CertifiedKey & { readonly caPem: string };

/** How long a serving certificate holds. */
export const SERVING_LIFETIME_MS: number = 365 * 86_400_000;

/** Certificates hold from so long before they are made: clocks of nodes may differ by this much. */
const BACKDATED_MS = 3_600_000;

/** A certificate for a Service's name, by an authority that is made for it and then forgotten. */
export function createServingCertificate(host: string, nowMs: number): ServingCertificate {
  const how = { nowMs, lifetimeMs: SERVING_LIFETIME_MS };
  const authority = createAuthority(servingAuthority(host), how);
  const leaf = certify(
    { name: host, dnsNames: [host], authority: false },
    { ...how, signer: authority },
  );
  return { crtPem: leaf.crtPem, keyPem: leaf.keyPem, caPem: authority.crtPem };
}

/** What the authorities of serving certificates are called, which tells those that are made here from a user's own. */
export function servingAuthority(host: string): string {
  return `${host} CA`;
}

type Signer = { readonly name: string; readonly key: KeyObject };
type How = { readonly nowMs: number; readonly lifetimeMs: number; readonly signer?: Signer };

/** An authority, by itself or by another one; times are calendar milliseconds. */
export function createAuthority(name: string, how: How): CertifiedKey & Signer {
  return certify({ name, dnsNames: [], authority: true }, how);
}

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
