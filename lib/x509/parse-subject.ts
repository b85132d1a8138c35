/** Whom a certificate names, as whoever made it wrote that. */

import { decode, encode, partsOf, tagOf } from "./asn1.ts";

/** The tag of a TBSCertificate's version, which certificates of version 1 leave out (RFC 5280 §4.1). */
const VERSION_TAG = 0;

/**
 * The subject, as DER: those below name it as their issuer, byte for byte, since verifiers may compare it so (RFC 5280
 * §4.1.2.4). Throws where the certificate is malformed.
 */
export function parseSubject(der: Uint8Array): Uint8Array {
  const body = partsOf(partsOf(decode(der))?.[0]) ?? [];
  const [first] = body;
  const subject = body[first !== undefined && tagOf(first) === VERSION_TAG ? 5 : 4];
  if (partsOf(subject) === undefined || subject === undefined)
    throw new Error("Cannot read certificate: it has no subject");
  return encode(subject);
}
