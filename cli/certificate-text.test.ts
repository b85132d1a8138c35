import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { FakeAuthority } from "../test/fake/authority.ts";
import { certificateText } from "./certificate-text.ts";

test("certificateText() says whose it is, who vouches for it and how long", () => {
  const { der } = new FakeAuthority("root").issue("web.shop");
  const text = certificateText(new X509Certificate(der));
  expect(text).toStartWith(
    "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Serial Number: ",
  );
  expect(text).toContain("        Issuer: CN=root\n        Validity\n            Not Before: ");
  expect(text).toContain("            Public Key: EC (prime256v1)\n");
  expect(text).toContain("X509v3 Subject Alternative Name:\n                DNS:web.shop\n");
  expect(text).toContain("                CA:FALSE\n");
});
