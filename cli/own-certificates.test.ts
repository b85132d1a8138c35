import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Secret } from "#lib/k8s/types/core.ts";
import { createCertificates, type OwnAuthority } from "../deploy/certificates.ts";
import { createValues, type Overrides } from "../deploy/values.ts";
import { FakeAuthority } from "../test/fake/authority.ts";
import { issueOdd } from "../test/fake/odd-certificate.ts";
import type { InstallFlags } from "./install-flags.ts";
import { authorityOf, expectFit, readOwnCertificates } from "./own-certificates.ts";

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

const EXTERNAL_ISSUER = { issuer: { scheme: "kubernetes.io/tls" } } as const;
const secret: Secret = { data: { "ca.crt": btoa("CA") } };
const authority = (
  identity: Overrides["identity"],
  own: Partial<OwnAuthority>,
  found: Secret | undefined = undefined,
) =>
  authorityOf(createValues("1", { ...(identity && { identity }) }), {
    own,
    secret: () => Promise.resolve(found),
  });

test("authorityOf() has all of the user's own, or none where none is named", async () => {
  expect(await authority({}, {})).toEqual({});
  expect(await authority({}, { anchorsPem, issuer })).toEqual({ anchorsPem, issuer });
  expect(authority({}, { anchorsPem })).rejects.toThrow("belong together");
  expect(authority({}, { issuer })).rejects.toThrow("belong together");
  expect(authority({}, { anchorsPem: "", issuer })).rejects.toThrow("Cannot use certificates");
});

test("authorityOf() leaves the issuer to others, with the anchors that are named, or those of its Secret", async () => {
  const left = { issuer: undefined };
  expect(await authority(EXTERNAL_ISSUER, { anchorsPem })).toEqual({ ...left, anchorsPem });
  expect(await authority(EXTERNAL_ISSUER, {}, secret)).toEqual({ ...left, anchorsPem: "CA" });
  expect(authority(EXTERNAL_ISSUER, {})).rejects.toThrow("Secret linkerd-identity-issuer");
  // A Secret of that form can be our own as well.
  expect(await authority(EXTERNAL_ISSUER, { anchorsPem, issuer })).toEqual({ anchorsPem, issuer });
});

test("authorityOf() leaves the anchors to others, where an issuer is named or others'", async () => {
  const both = { externalCA: true, ...EXTERNAL_ISSUER };
  expect(await authority(both, {})).toEqual({ issuer: undefined, anchorsPem: "" });
  expect(await authority({ externalCA: true }, { issuer })).toEqual({ issuer });
  expect(authority({ externalCA: true }, {})).rejects.toThrow("Cannot make an issuer");
  expect(authority(both, { anchorsPem })).rejects.toThrow("others write the anchors");
});

test("expectFit() takes what the identity service can use", () => {
  expect(() => expectFit({ anchorsPem, issuer })).not.toThrow();
  expect(() => expectFit({ anchorsPem, issuer: { ...issuer, keyPem: "KEY" } })).toThrow(
    "Cannot use certificates: ",
  );
  const { keyPem: rsaPem, chainPem: rsaCrtPem } = issueOdd(new FakeAuthority(), {
    key: ["-algorithm", "RSA"],
  });
  expect(() => expectFit({ anchorsPem, issuer: { crtPem: rsaCrtPem, keyPem: rsaPem } })).toThrow(
    "Cannot use certificates: the issuer's key is rsa, which makes no ECDSA signatures; Linkerd's issuers are ECDSA P-256",
  );
  const [old, other] = [new FakeAuthority("same"), new FakeAuthority("same")];
  const { chainPem: crtPem, keyPem } = old.issueNameless("identity");
  const both = old.anchorsPem + other.anchorsPem;
  expect(() => expectFit({ anchorsPem: both, issuer: { crtPem, keyPem } })).toThrow(
    "authorityKeyIdentifier=keyid",
  );
});
