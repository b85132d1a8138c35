import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { parseSubject } from "./parse-subject.ts";
import { subject } from "./request.ts";

test("parseSubject() gives a certificate's subject as it was written", () => {
  const authority = new FakeAuthority("root.linkerd.cluster.local");
  const { raw } = new X509Certificate(authority.anchorsPem);
  expect(Buffer.from(parseSubject(raw))).toEqual(
    Buffer.from(subject("root.linkerd.cluster.local")),
  );
  expect(() => parseSubject(raw.subarray(0, 40))).toThrow();
  expect(() => parseSubject(Uint8Array.of(0x30, 0))).toThrow("it has no subject");
});
