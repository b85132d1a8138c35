/** Certificates: a leaf for a workload, or an authority; the signing function, serial and times are passed in. */

import type { KeyObject } from "node:crypto";
import { bits, boolean, context, type Der, integer, octets, oid, sequence, time } from "./der.ts";
import { keyIdOf } from "./key-id.ts";
import { alternativeNames, extension, Oid, publicKeyInfo, type Sign, subject } from "./request.ts";

/** What a certificate says. */
export interface CertificateContent {
  readonly commonName: string;
  readonly issuerCommonName: string;
  /** The issuer's whole subject, where it may say more than a common name. */
  readonly issuerName?: Der | undefined;
  /**
   * The issuer's subjectKeyIdentifier, where it has one: verifiers that trust several authorities of one name, as while
   * an anchor is replaced, find the right one by it alone.
   */
  readonly issuerKeyId?: Uint8Array | undefined;
  readonly dnsNames: readonly string[];
  /** Addresses beside the names, for servers that are reached by address. */
  readonly ipAddresses?: readonly string[];
  readonly publicKey: KeyObject;
  /** 1 to 20 bytes, not all zero. */
  readonly serial: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly authority: boolean;
}

/** Signs a certificate and returns its DER. */
export function signCertificate(content: CertificateContent, sign: Sign): Uint8Array {
  const algorithm = sequence(oid(Oid.ecdsaWithSha256));
  const body = sequence(
    context(0, [integer(Uint8Array.of(2))]),
    integer(content.serial),
    algorithm,
    content.issuerName ?? subject(content.issuerCommonName),
    sequence(time(content.notBefore), time(content.notAfter)),
    subject(content.commonName),
    publicKeyInfo(content.publicKey),
    context(3, [sequence(...extensionsOf(content))]),
  );
  return sequence(body, algorithm, bits(sign(body)));
}

/** Why certificates cannot be signed by a key, or undefined: `signCertificate` writes ECDSA, whatever signs for it. */
export function signerProblem({ asymmetricKeyType: type }: KeyObject): string | undefined {
  return type === "ec"
    ? undefined
    : `key is ${type}, which makes no ECDSA signatures; Linkerd's issuers are ECDSA P-256, make one with such a key`;
}

/** Bits of keyUsage (RFC 5280 §4.2.1.3), the first one highest. */
const DIGITAL_SIGNATURE_AND_ENCIPHERMENT = { bytes: Uint8Array.of(0xa0), unused: 5 };
const CERTIFICATE_AND_CRL_SIGN = { bytes: Uint8Array.of(0x06), unused: 1 };

function extensionsOf(content: CertificateContent): Der[] {
  const { authority, issuerKeyId, ipAddresses = [] } = content;
  const usage = authority ? CERTIFICATE_AND_CRL_SIGN : DIGITAL_SIGNATURE_AND_ENCIPHERMENT;
  const critical = boolean(true);
  const common = [extension(Oid.keyUsage, bits(usage.bytes, usage.unused), critical)];
  if (issuerKeyId !== undefined)
    common.push(extension(Oid.authorityKeyIdentifier, sequence(context(0, issuerKeyId))));
  if (authority)
    return [
      ...common,
      extension(Oid.basicConstraints, sequence(boolean(true)), critical),
      extension(Oid.subjectKeyIdentifier, octets(keyIdOf(content.publicKey))),
    ];
  return [
    ...common,
    extension(Oid.extendedKeyUsage, sequence(oid(Oid.serverAuth), oid(Oid.clientAuth))),
    extension(Oid.subjectAltName, alternativeNames(content.dnsNames, ipAddresses)),
  ];
}
