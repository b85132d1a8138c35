import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { keyIdOf } from "./key-id.ts";
import { parseSubjectKeyId } from "./parse-key-id.ts";

test("parseSubjectKeyId() finds what an authority was made with, and nothing in leaves or garbage", () => {
  const authority = new FakeAuthority();
  const root = new X509Certificate(authority.anchorsPem);
  expect(parseSubjectKeyId(root.raw)).toEqual(keyIdOf(root.publicKey));
  expect(parseSubjectKeyId(authority.issue("web").der)).toBeUndefined();
  for (let length = 0; length < root.raw.length; length++)
    expect(parseSubjectKeyId(root.raw.subarray(0, length))).toBeUndefined();
});
