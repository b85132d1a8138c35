/** Certificate signing requests as a workload builds them (RFC 2986), and the names and extensions of certificates. */

import type { KeyObject } from "node:crypto";
import { toBytes } from "#lib/addr/ip.ts";
import { bits, context, type Der, integer, octets, oid, sequence, set, utf8 } from "./der.ts";

/** Object identifiers of names, extensions and algorithms. */
export const Oid = {
  commonName: "2.5.4.3",
  subjectAltName: "2.5.29.17",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  basicConstraints: "2.5.29.19",
  subjectKeyIdentifier: "2.5.29.14",
  authorityKeyIdentifier: "2.5.29.35",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  extensionRequest: "1.2.840.113549.1.9.14",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  ecdsaWithSha384: "1.2.840.10045.4.3.3",
  ecdsaWithSha512: "1.2.840.10045.4.3.4",
} as const;

/** Kinds of GeneralName (RFC 5280 §4.2.1.6). */
export const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** Signs bytes with ECDSA and SHA-256 and returns the DER signature. */
export type Sign = (bytes: Uint8Array) => Uint8Array;

/** Builds a request with one name, as CN and as the only DNS name. */
export function buildRequest(
  name: string,
  key: { readonly publicKey: KeyObject; readonly sign: Sign },
): Uint8Array {
  const extensions = sequence(extension(Oid.subjectAltName, alternativeNames([name], [])));
  const attributes = context(0, [sequence(oid(Oid.extensionRequest), set(extensions))]);
  const body = sequence(
    integer(Uint8Array.of(0)),
    subject(name),
    publicKeyInfo(key.publicKey),
    attributes,
  );
  return sequence(body, sequence(oid(Oid.ecdsaWithSha256)), bits(key.sign(body)));
}

/** A subject with a common name; empty without one. */
export function subject(name: string): Der {
  return name === "" ? sequence() : sequence(set(sequence(oid(Oid.commonName), utf8(name))));
}

/** The key as a certificate carries it. */
export function publicKeyInfo(key: KeyObject): Der {
  return key.export({ format: "der", type: "spki" });
}

/** One extension of a certificate or request. */
export function extension(id: string, value: Der, critical?: Der): Der {
  return sequence(oid(id), ...(critical === undefined ? [] : [critical]), octets(value));
}

/** GeneralNames with DNS names and addresses. */
export function alternativeNames(names: readonly string[], addresses: readonly string[]): Der {
  return sequence(
    ...names.map((name) => context(DNS_NAME, new TextEncoder().encode(name))),
    ...addresses.map((ip) => context(IP_ADDRESS, toBytes(ip))),
  );
}
