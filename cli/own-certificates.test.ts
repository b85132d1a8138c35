import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createCertificates } from "../deploy/certificates.ts";
import { FakeAuthority } from "../test/fake/authority.ts";
import type { InstallFlags } from "./install-flags.ts";
import { expectFit, readAllOwnCertificates, readOwnCertificates } from "./own-certificates.ts";

const dir = mkdtempSync(`${tmpdir()}/own-`);
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(`${dir}/${name}`, text);
  return `${dir}/${name}`;
};
const { anchorsPem, issuer } = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs: Date.now(),
});
const anchors = { identityTrustAnchorsFile: file("ca", anchorsPem) };
const crt = { identityIssuerCertificateFile: file("crt", issuer.crtPem) };
const key = { identityIssuerKeyFile: file("key", issuer.keyPem) };
const flags = (given: Partial<InstallFlags>): InstallFlags => ({
  ...{ values: [], set: [], setString: [], setFile: [], output: "yaml" },
  ...given,
});

test("readOwnCertificates() has what flags name: anchors, or an issuer with its key", async () => {
  expect(await readOwnCertificates(flags({}))).toEqual({});
  expect(await readOwnCertificates(flags(anchors))).toEqual({ anchorsPem });
  expect(await readOwnCertificates(flags({ ...crt, ...key }))).toEqual({ issuer });
  expect(readOwnCertificates(flags(crt))).rejects.toThrow("belong together");
  expect(readOwnCertificates(flags(key))).rejects.toThrow("belong together");
});

test("readAllOwnCertificates() has all, or none where none is named", async () => {
  expect(await readAllOwnCertificates(flags({}))).toBeUndefined();
  const all = flags({ ...anchors, ...crt, ...key });
  expect(await readAllOwnCertificates(all)).toEqual({ anchorsPem, issuer });
  expect(readAllOwnCertificates(flags(anchors))).rejects.toThrow("belong together");
});

test("expectFit() takes what the identity service can use", () => {
  expect(() => expectFit({ anchorsPem, issuer })).not.toThrow();
  expect(() => expectFit({ anchorsPem, issuer: { ...issuer, keyPem: "KEY" } })).toThrow(
    "Cannot use certificates: ",
  );
  const [old, other] = [new FakeAuthority("same"), new FakeAuthority("same")];
  const { chainPem: crtPem, keyPem } = old.issueNameless("identity");
  const both = old.anchorsPem + other.anchorsPem;
  expect(() => expectFit({ anchorsPem: both, issuer: { crtPem, keyPem } })).toThrow(
    "authorityKeyIdentifier=keyid",
  );
});
