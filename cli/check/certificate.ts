/** What certificates say of themselves; times are milliseconds since 1970. */

import { X509Certificate } from "node:crypto";
import { fromPem } from "#lib/x509/pem.ts";

/** "Expiring soon" is within this time. */
const SOON_MS = 60 * 86_400_000;

/** All certificates of a PEM text. Throws where there is none, or one cannot be read. */
export function parseCertificates(pem: string): X509Certificate[] {
  const blocks = fromPem("CERTIFICATE", pem);
  if (blocks.length === 0) throw new Error("there is no certificate in the PEM text");
  return blocks.map((block) => new X509Certificate(block));
}

/** A certificate as a line of a report. */
export function nameOf(certificate: X509Certificate): string {
  const [, name] = /CN=([^\n]*)/.exec(certificate.subject) ?? [];
  return `${BigInt(`0x${certificate.serialNumber}`)} ${name ?? certificate.subject}`;
}

/** Why a certificate is not valid at a time, or undefined. */
export function timeProblem(certificate: X509Certificate, now: number): string | undefined {
  if (now < Date.parse(certificate.validFrom))
    return `not valid before: ${iso(certificate.validFrom)}`;
  return now > Date.parse(certificate.validTo)
    ? `not valid anymore. Expired on ${iso(certificate.validTo)}`
    : undefined;
}

/** When a certificate expires, where that is within 60 days; else undefined. */
export function expiresSoon(certificate: X509Certificate, now: number): string | undefined {
  return Date.parse(certificate.validTo) - now < SOON_MS
    ? `will expire on ${iso(certificate.validTo)}`
    : undefined;
}

const iso = (date: string): string => new Date(date).toISOString().replace(".000Z", "Z");

/** Why the mesh cannot use a certificate's key, or undefined: P-256, and RSA 2048 or 4096 for anchors. */
export function keyProblem(
  certificate: X509Certificate,
  how: { readonly rsa: boolean },
): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  if (type === "ec" && details?.namedCurve === "prime256v1") return undefined;
  if (type === "rsa" && how.rsa && [2048, 4096].includes(details?.modulusLength ?? 0))
    return undefined;
  const size = details?.namedCurve ?? details?.modulusLength ?? "";
  const allowed = how.rsa ? "ECDSA P-256 or RSA 2048/4096" : "ECDSA P-256";
  return `must use ${allowed}, but it uses ${type} ${size}`;
}

/** Whether one of the anchors issued a certificate, or is it. */
export function isIssuedBy(
  certificate: X509Certificate,
  anchors: readonly X509Certificate[],
): boolean {
  return anchors.some(
    (anchor) =>
      anchor.fingerprint256 === certificate.fingerprint256 ||
      (certificate.checkIssued(anchor) && certificate.verify(anchor.publicKey)),
  );
}
