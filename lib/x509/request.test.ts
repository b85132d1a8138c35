import { expect, test } from "bun:test";
import { generateKeyPairSync, sign as signWith, X509Certificate } from "node:crypto";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { decode, encode, fromPem, toPem } from "./asn1.ts";
import { buildRequest, parseRequest } from "./request.ts";

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = {
  publicKey: pair.publicKey,
  sign: (bytes: Uint8Array) => signWith("sha256", bytes, pair.privateKey),
};

test("parseRequest() reads what buildRequest() builds", () => {
  const der = buildRequest("web.ns", key);
  expect(parseRequest(der)).toMatchObject({
    commonName: "web.ns",
    dnsNames: ["web.ns"],
    otherNames: 0,
  });
});

test("parseRequest() refuses a wrong signature and every truncation", () => {
  const der = buildRequest("web.ns", key);
  const forged = buildRequest("web.ns", { ...key, sign: () => Uint8Array.of(1, 2, 3) });
  expect(parseRequest(forged)).toBeUndefined();
  for (let length = 0; length < der.length; length++)
    expect(parseRequest(der.subarray(0, length))).toBeUndefined();
});

test("signCertificate() makes leaves that chain to their authority", () => {
  const authority = new FakeAuthority("root.mesh");
  const leaf = new X509Certificate(authority.issue("web.ns").chainPem);
  const root = new X509Certificate(authority.anchorsPem);
  expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
  expect([leaf.subjectAltName, root.ca, leaf.ca]).toEqual(["DNS:web.ns", true, false]);
  expect(new Date(leaf.validTo).getTime()).toBeGreaterThan(Date.now());
});

test("toPem() and fromPem() are inverse, and decode() refuses garbage", () => {
  const der = buildRequest("a", key);
  expect(fromPem("CERTIFICATE REQUEST", toPem("CERTIFICATE REQUEST", der))).toEqual([der]);
  expect(fromPem("CERTIFICATE", toPem("CERTIFICATE REQUEST", der))).toEqual([]);
  expect(encode(decode(der))).toEqual(der);
  expect(() => decode(Uint8Array.of(0x30, 5))).toThrow();
});
