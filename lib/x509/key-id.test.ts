import { expect, test } from "bun:test";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { keyIdOf } from "./key-id.ts";

test("keyIdOf() is 160 bits of the key alone", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
  expect(keyIdOf(publicKey)).toHaveLength(20);
  expect(keyIdOf(createPublicKey(privateKey))).toEqual(keyIdOf(publicKey));
  expect(keyIdOf(other.publicKey)).not.toEqual(keyIdOf(publicKey));
});
