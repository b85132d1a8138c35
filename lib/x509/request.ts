/** Certificate signing requests (RFC 2986): built for a workload, and read by the authority. */

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import {
  bits,
  bytesOf,
  context,
  decode,
  encode,
  integer,
  type Node,
  octets,
  oid,
  oidOf,
  partsOf,
  sequence,
  set,
  tagOf,
  utf8,
} from "./asn1.ts";

/** Object identifiers of names, extensions and algorithms. */
export const Oid = {
  commonName: "2.5.4.3",
  subjectAltName: "2.5.29.17",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  basicConstraints: "2.5.29.19",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  extensionRequest: "1.2.840.113549.1.9.14",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
} as const;

const DNS_NAME = 2;
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
  return encode(sequence(body, sequence(oid(Oid.ecdsaWithSha256)), bits(key.sign(encode(body)))));
}

/** What a request asks for. */
export interface CertificateRequest {
  /** Empty where the subject has none. */
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  /** Names of other kinds: e-mail, IP, URI. */
  readonly otherNames: number;
  readonly publicKey: KeyObject;
}

/** Reads a request and checks that its key signed it; undefined where it is malformed or the signature is wrong. */
export function parseRequest(der: Uint8Array): CertificateRequest | undefined {
  try {
    const [body, , signature] = partsOf(decode(der)) ?? [];
    const [, name, keyInfo, attributes] = partsOf(body) ?? [];
    if (body === undefined || keyInfo === undefined) return undefined;
    const publicKey = createPublicKey({
      key: Buffer.from(encode(keyInfo)),
      format: "der",
      type: "spki",
    });
    const signed = bytesOf(signature)?.subarray(1);
    if (signed === undefined || !verify("sha256", encode(body), publicKey, signed))
      return undefined;
    return { commonName: commonNameOf(name), ...namesOf(attributes), publicKey };
  } catch {
    return undefined;
  }
}

/** A subject with a common name; empty without one. */
export function subject(name: string): Node {
  return name === "" ? sequence() : sequence(set(sequence(oid(Oid.commonName), utf8(name))));
}

/** The key as a certificate carries it. */
export function publicKeyInfo(key: KeyObject): Node {
  return decode(key.export({ format: "der", type: "spki" }));
}

/** One extension of a certificate or request. */
export function extension(id: string, value: Node, critical?: Node): Node {
  return sequence(oid(id), ...(critical === undefined ? [] : [critical]), octets(encode(value)));
}

/** GeneralNames with DNS names and IPv4 addresses. */
export function alternativeNames(names: readonly string[], addresses: readonly string[]): Node {
  return sequence(
    ...names.map((name) => context(DNS_NAME, new TextEncoder().encode(name))),
    ...addresses.map((ip) => context(IP_ADDRESS, Uint8Array.from(ip.split("."), Number))),
  );
}

function commonNameOf(name: Node | undefined): string {
  for (const relative of partsOf(name) ?? [])
    for (const attribute of partsOf(relative) ?? []) {
      const [type, value] = partsOf(attribute) ?? [];
      const bytes = bytesOf(value);
      if (oidOf(type) === Oid.commonName && bytes !== undefined)
        return new TextDecoder().decode(bytes);
    }
  return "";
}

function namesOf(attributes: Node | undefined): { dnsNames: string[]; otherNames: number } {
  const found: string[] = [];
  let otherNames = 0;
  for (const value of requestedExtensions(attributes)) {
    for (const name of partsOf(decode(value)) ?? []) {
      const bytes = bytesOf(name);
      if (tagOf(name) === DNS_NAME && bytes !== undefined)
        found.push(new TextDecoder().decode(bytes));
      else otherNames++;
    }
  }
  return { dnsNames: found, otherNames };
}

/** The values of all subjectAltName extensions that a request asks for. */
function requestedExtensions(attributes: Node | undefined): Uint8Array[] {
  return (partsOf(attributes) ?? []).flatMap((attribute) => {
    const [id, values] = partsOf(attribute) ?? [];
    if (oidOf(id) !== Oid.extensionRequest) return [];
    return (partsOf(partsOf(values)?.[0]) ?? []).flatMap((each) => {
      const parts = partsOf(each) ?? [];
      return oidOf(parts[0]) === Oid.subjectAltName ? (bytesOf(parts.at(-1)) ?? []) : [];
    });
  });
}
