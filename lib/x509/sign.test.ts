import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { FakeAuthority } from "../../test/fake/authority.ts";

test("signCertificate() writes what a workload's leaf needs", () => {
  const leaf = new X509Certificate(new FakeAuthority().issue("web.ns", -1000).der);
  expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  expect([leaf.subject, leaf.checkHost("web.ns"), leaf.checkHost("other.ns")]).toEqual([
    "CN=web.ns",
    "web.ns",
    undefined,
  ]);
  expect(new Date(leaf.validTo).getTime()).toBeLessThan(Date.now());
});
