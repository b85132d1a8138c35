/** The authority and serving certificate of an instance's API. */

import { createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { toPem } from "#lib/x509/pem.ts";
import { signCertificate } from "#lib/x509/sign.ts";

/** All PEM. */
export type ApiCertificates = {
  readonly caPem: string;
  readonly chainPem: string;
  readonly keyPem: string;
};

const DAY_MS = 86_400_000;
const LIFETIME_MS = 365 * DAY_MS;
const SERIAL_BYTES = 16;

/** Makes an authority and lets it certify one server for these addresses and names. */
export function createApiCertificates(
  names: { readonly ips: readonly string[]; readonly dns: readonly string[] },
  nowMs: number,
): ApiCertificates {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const common = {
    issuerCommonName: "bunkerd-dev",
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + LIFETIME_MS),
  };
  const signer = (bytes: Uint8Array): Uint8Array => sign("sha256", bytes, authority.privateKey);
  const certify = (
    content: Omit<Parameters<typeof signCertificate>[0], keyof typeof common | "serial">,
  ): string =>
    toPem(
      "CERTIFICATE",
      signCertificate({ ...common, ...content, serial: serialNumber() }, signer),
    );
  return {
    caPem: certify({
      commonName: "bunkerd-dev",
      dnsNames: [],
      publicKey: createPublicKey(authority.privateKey),
      authority: true,
    }),
    chainPem: certify({
      commonName: "kube-apiserver",
      dnsNames: names.dns,
      ipAddresses: names.ips,
      publicKey: server.publicKey,
      authority: false,
    }),
    keyPem: server.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

/** Positive and never zero (RFC 5280 §4.1.2.2). */
function serialNumber(): Uint8Array {
  const serial = Uint8Array.from(randomBytes(SERIAL_BYTES));
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}
