/** The identifier of a certificate's key, as whoever made the certificate chose it. */

import { bytesOf, decode, oidOf, partsOf } from "./asn1.ts";
import { Oid } from "./request.ts";

/** The value of subjectKeyIdentifier (RFC 5280 §4.2.1.2); undefined where there is none or the certificate is malformed. */
export function parseSubjectKeyId(der: Uint8Array): Uint8Array | undefined {
  try {
    const body = partsOf(partsOf(decode(der))?.[0]) ?? [];
    const extensions = partsOf(partsOf(body.at(-1))?.[0]) ?? [];
    const found = extensions
      .map((each) => partsOf(each) ?? [])
      .find(([id]) => oidOf(id) === Oid.subjectKeyIdentifier);
    const value = bytesOf(found?.at(-1));
    return value && bytesOf(decode(value));
  } catch {
    return undefined;
  }
}
