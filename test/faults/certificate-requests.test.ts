import { afterAll, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { spawnSync } from "bun";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { readIssuer, signWorkload } from "../../controller/identity/authority.ts";
import { FakeAuthority } from "../fake/authority.ts";

const WEB = "web.ns.serviceaccount.identity.linkerd.cluster.local";
const root = new FakeAuthority("root.linkerd.cluster.local");
const options = {
  issuer: readIssuer(root.issuer, readTrustBundle(root.anchorsPem), Date.now()),
  domain: { controlPlaneNamespace: "linkerd", trustDomain: "cluster.local" },
  ...{ lifetimeMs: 86_400_000, skewMs: 20_000, nowMs: Date.now(), serial: Uint8Array.of(1, 2, 3) },
};
const dir = mkdtempSync(`${tmpdir()}/requests-`);
afterAll(() => rmSync(dir, { recursive: true }));

const EC = (curve: string): string[] => [
  "-algorithm",
  "EC",
  "-pkeyopt",
  `ec_paramgen_curve:${curve}`,
];
const RSA = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"];

/** A request as openssl makes it. */
function request(how: { key?: string[]; names?: string; more?: string }): Uint8Array {
  const { key = EC("P-256"), names = `DNS:${WEB}`, more = "" } = how;
  const lines = `[req]\ndistinguished_name=dn\nreq_extensions=e\nprompt=no\n[dn]\nO=o\n[e]\nsubjectAltName=${names}\n${more}`;
  writeFileSync(`${dir}/config`, lines);
  for (const words of [
    ["genpkey", ...key, "-out", `${dir}/key`],
    [
      "req",
      "-new",
      "-key",
      `${dir}/key`,
      "-config",
      `${dir}/config`,
      "-outform",
      "DER",
      "-out",
      `${dir}/der`,
    ],
  ]) {
    const { exitCode, stderr } = spawnSync(["openssl", ...words]);
    if (exitCode !== 0) throw new Error(stderr.toString());
  }
  return new Uint8Array(readFileSync(`${dir}/der`));
}

const sign = (csrDer: Uint8Array): Uint8Array =>
  signWorkload(WEB, { csrDer, account: { namespace: "ns", name: "web" } }, options).leafDer;

test.each<[string, () => Uint8Array, string]>([
  ["nothing", () => new Uint8Array(0), "invalid-argument"],
  ["no DER", () => Buffer.from("-----BEGIN CERTIFICATE REQUEST-----"), "invalid-argument"],
  ["a byte too many", () => Uint8Array.of(...request({}), 0), "invalid-argument"],
  ["a byte too few", () => request({}).slice(0, -1), "invalid-argument"],
  ["a megabyte of zeros", () => new Uint8Array(1 << 20), "invalid-argument"],
  [
    "another signature",
    () => {
      const der = request({});
      der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
      return der;
    },
    "invalid-argument",
  ],
  ["an RSA key", () => request({ key: RSA }), "failed-precondition"],
  ["a key of P-224", () => request({ key: EC("P-224") }), "failed-precondition"],
  ["another name", () => request({ names: "DNS:other.ns" }), "failed-precondition"],
  ["two names", () => request({ names: `DNS:${WEB},DNS:other.ns` }), "failed-precondition"],
  ["an e-mail address", () => request({ names: `DNS:${WEB},email:a@b.c` }), "failed-precondition"],
  ["an IP address", () => request({ names: `DNS:${WEB},IP:10.0.0.1` }), "failed-precondition"],
  ["a URI", () => request({ names: `DNS:${WEB},URI:spiffe://a/b` }), "failed-precondition"],
])("C16: a request with %s is refused", (_, make, code) => {
  expect(() => sign(make())).toThrow(expect.objectContaining({ code }));
});

test("C16: of a request that asks to be an authority the key alone is used", () => {
  const more =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\nextendedKeyUsage=codeSigning";
  const leaf = new X509Certificate(sign(request({ more })));
  expect([leaf.ca, leaf.subjectAltName]).toEqual([false, `DNS:${WEB}`]);
  expect(leaf.subject ?? "").not.toContain("O=");
  expect(leaf.keyUsage?.join()).not.toContain("1.3.6.1.5.5.7.3.3");
});
