/** Identifiers of keys: with them a verifier tells authorities of one name apart. */

import { createHash, type KeyObject } from "node:crypto";
import { publicKeyInfo } from "./request.ts";

/** RFC 7093 §2: the leftmost 160 bits. */
const KEY_ID_BYTES = 20;

/** The identifier of a key that is certified here: a hash of its DER (RFC 7093 §2, method 4). */
export function keyIdOf(publicKey: KeyObject): Uint8Array {
  const hash = createHash("sha256").update(publicKeyInfo(publicKey)).digest();
  return Uint8Array.from(hash.subarray(0, KEY_ID_BYTES));
}
