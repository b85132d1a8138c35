/** Certificate signing requests as the authority reads them (RFC 2986): nothing in them is trusted. */

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { bytesOf, decode, encode, type Node, oidOf, partsOf, tagOf } from "./asn1.ts";
import { DNS_NAME, Oid } from "./request.ts";

const HASHES: ReadonlyMap<string, string> = new Map([
  [Oid.ecdsaWithSha384, "sha384"],
  [Oid.ecdsaWithSha512, "sha512"],
]);

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
    const [body, algorithm, signature] = partsOf(decode(der)) ?? [];
    const [, name, keyInfo, attributes] = partsOf(body) ?? [];
    if (body === undefined || keyInfo === undefined) return undefined;
    const publicKey = createPublicKey({
      key: Buffer.from(encode(keyInfo)),
      format: "der",
      type: "spki",
    });
    const signed = bytesOf(signature)?.subarray(1);
    const hash = hashOf(algorithm);
    if (signed === undefined || !verify(hash, encode(body), publicKey, signed)) return undefined;
    return { commonName: commonNameOf(name), ...namesOf(attributes), publicKey };
  } catch {
    return undefined;
  }
}

/** What an algorithm of signatures hashes with. Of keys that are no ECDSA's others judge, so theirs is as good as any. */
function hashOf(algorithm: Node | undefined): string {
  return HASHES.get(oidOf(partsOf(algorithm)?.[0]) ?? "") ?? "sha256";
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
