import { expect, test } from "bun:test";
import { generateKeyPairSync, sign, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { toPem } from "./pem.ts";
import { signCertificate } from "./sign.ts";

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

test("signCertificate() names addresses beside names", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = signCertificate(
    {
      ...{ commonName: "api", issuerCommonName: "root", dnsNames: ["localhost"], publicKey },
      ...{ ipAddresses: ["127.0.0.1", "fd00::1"], serial: Uint8Array.of(1), authority: false },
      ...{ notBefore: new Date(0), notAfter: new Date(1e12) },
    },
    (bytes) => sign("sha256", bytes, privateKey),
  );
  const read = new X509Certificate(der);
  expect(read.subjectAltName).toBe(
    "DNS:localhost, IP Address:127.0.0.1, IP Address:FD00:0:0:0:0:0:0:1",
  );
  expect(read.checkIP("fd00::1")).toBe("fd00::1");
});

test("signCertificate() makes leaves that chain to their authority", () => {
  const authority = new FakeAuthority("root.mesh");
  const leaf = new X509Certificate(authority.issue("web.ns").chainPem);
  const root = new X509Certificate(authority.anchorsPem);
  expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
  expect([leaf.subjectAltName, root.ca, leaf.ca]).toEqual(["DNS:web.ns", true, false]);
  expect(new Date(leaf.validTo).getTime()).toBeGreaterThan(Date.now());
});

test.each(["0001", "000090", "8000", "0000", "00"])(
  "signCertificate() takes %s for a serial, as random ones begin, and others can read it",
  (serial) => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const der = signCertificate(
      {
        ...{ commonName: "a", issuerCommonName: "a", dnsNames: ["a"], publicKey },
        ...{ serial: Uint8Array.fromHex(serial), authority: true },
        ...{ notBefore: new Date(0), notAfter: new Date(1e12) },
      },
      (bytes) => sign("sha256", bytes, privateKey),
    );
    const read = new X509Certificate(der);
    expect(BigInt(`0x${read.serialNumber}`)).toBe(BigInt(`0x${serial}`));
    expect(() => createSecureContext({ ca: toPem("CERTIFICATE", der) })).not.toThrow();
  },
);
