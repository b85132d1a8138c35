/** A certificate as text, laid out as `openssl x509 -text` does. */

import type { KeyObject, X509Certificate } from "node:crypto";
import { escapeText } from "./terminal-text.ts";

const USAGES: Readonly<Record<string, string>> = {
  "1.3.6.1.5.5.7.3.1": "TLS Web Server Authentication",
  "1.3.6.1.5.5.7.3.2": "TLS Web Client Authentication",
};

/** All lines, each ended. What the certificate says is another's word: it is escaped. */
export function certificateText(certificate: X509Certificate): string {
  const serial = BigInt(`0x${certificate.serialNumber}`);
  const usages = (certificate.keyUsage ?? []).map((each) => USAGES[each] ?? each);
  const lines: readonly (readonly [number, string])[] = [
    [0, "Certificate:"],
    [4, "Data:"],
    [8, "Version: 3 (0x2)"],
    [8, `Serial Number: ${serial} (0x${serial.toString(16)})`],
    [8, `Issuer: ${oneLine(certificate.issuer)}`],
    [8, "Validity"],
    [12, `Not Before: ${utc(certificate.validFrom)}`],
    [12, `Not After : ${utc(certificate.validTo)}`],
    [8, `Subject: ${oneLine(certificate.subject ?? "")}`],
    [8, "Subject Public Key Info:"],
    [12, keyText(certificate.publicKey)],
    [8, "X509v3 extensions:"],
    [12, "X509v3 Basic Constraints:"],
    [16, `CA:${certificate.ca ? "TRUE" : "FALSE"}`],
    ...(usages.length === 0
      ? []
      : ([
          [12, "X509v3 Extended Key Usage:"],
          [16, usages.join(", ")],
        ] as const)),
    ...(certificate.subjectAltName === undefined
      ? []
      : ([
          [12, "X509v3 Subject Alternative Name:"],
          [16, oneLine(certificate.subjectAltName)],
        ] as const)),
    [4, "SHA-256 Fingerprint:"],
    [8, certificate.fingerprint256],
  ];
  return lines.map(([indent, text]) => `${" ".repeat(indent)}${text}\n`).join("");
}

const oneLine = (name: string): string => escapeText(name.trim().replaceAll("\n", ", "));

/** `Nov 28 23:24:56 2026 UTC`, as certificates say it. */
const utc = (date: string): string => new Date(date).toUTCString().replace("GMT", "UTC");

function keyText({ asymmetricKeyType: type, asymmetricKeyDetails: how }: KeyObject): string {
  const size = how?.namedCurve ?? `${how?.modulusLength ?? "?"} bit`;
  return `Public Key: ${type?.toUpperCase()} (${size})`;
}
