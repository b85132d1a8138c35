import { expect, test } from "bun:test";
import {
  createPublicKey,
  generateKeyPairSync,
  sign as signWith,
  X509Certificate,
} from "node:crypto";
import { anchorOf, readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { createAuthority } from "#lib/k8s/certified-key.ts";
import { keyIdOf } from "#lib/x509/key-id.ts";
import { toPem } from "#lib/x509/pem.ts";
import { buildRequest } from "#lib/x509/request.ts";
import { signCertificate } from "#lib/x509/sign.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { issueOdd } from "../../test/fake/odd-certificate.ts";
import { readIssuer, signWorkload, UntimelyIssuer } from "./authority.ts";

const DAY_MS = 86_400_000;
const domain = { controlPlaneNamespace: "linkerd", trustDomain: "cluster.local" };
const account = { namespace: "ns", name: "web" };
const WEB = "web.ns.serviceaccount.identity.linkerd.cluster.local";
const root = new FakeAuthority("root.linkerd.cluster.local");
const bundle = readTrustBundle(root.anchorsPem);
const issuer = readIssuer(root.issuer, bundle, Date.now());
const AUTHORITY = { basicConstraints: "critical,CA:TRUE", keyUsage: "critical,keyCertSign" };
const options = {
  issuer,
  domain,
  lifetimeMs: DAY_MS,
  skewMs: 20_000,
  nowMs: Date.now(),
  serial: Uint8Array.of(1, 2, 3),
};

function csr(name: string, type: "ec" | "ed25519" = "ec"): Uint8Array {
  const { privateKey } =
    type === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("ed25519");
  return buildRequest(name, {
    publicKey: createPublicKey(privateKey),
    sign: (bytes) => signWith(type === "ec" ? "sha256" : undefined, bytes, privateKey),
  });
}

test("IDY4, IDY5: signWorkload() signs a leaf that chains to the anchor", () => {
  const { leafDer, intermediates, expiresMs } = signWorkload(
    WEB,
    { csrDer: csr(WEB), account },
    options,
  );
  const leaf = new X509Certificate(leafDer);
  const anchor = new X509Certificate(root.anchorsPem);
  expect([
    leaf.checkIssued(anchor),
    leaf.verify(anchor.publicKey),
    leaf.subjectAltName,
    intermediates,
  ]).toEqual([true, true, `DNS:${WEB}`, []]);
  expect(Math.abs(new Date(leaf.validTo).getTime() - expiresMs)).toBeLessThan(1000);
  expect(expiresMs).toBeLessThanOrEqual(issuer.expiresMs);
});

test("signWorkload() names the issuer's key, as the issuer's certificate does", () => {
  const named = { ...options, issuer: { ...issuer, keyId: Uint8Array.of(0xca, 0xfe, 0xca, 0xfe) } };
  const leafOf = (how: typeof named): string =>
    Buffer.from(signWorkload(WEB, { csrDer: csr(WEB), account }, how).leafDer).toString("hex");
  expect(leafOf(named)).toContain("0603551d23040830068004cafecafe");
  expect(issuer.keyId).toEqual(keyIdOf(new X509Certificate(root.anchorsPem).publicKey));
});

test("readIssuer() refuses an issuer that does not say by which of two anchors of one name it is", () => {
  const other = new FakeAuthority("root.linkerd.cluster.local");
  const nameless = root.issueNameless("identity.linkerd.cluster.local");
  const now = Date.now();
  expect(readIssuer(nameless, bundle, now).commonName).toBe("identity.linkerd.cluster.local");
  const both = readTrustBundle(root.anchorsPem + other.anchorsPem);
  expect(() => readIssuer(nameless, both, now)).toThrow("it has no authorityKeyIdentifier");
  expect(readIssuer(root.issuer, both, now).commonName).toBe("root.linkerd.cluster.local");
});

test("IDY1, IDY3, C17: signWorkload() refuses what is malformed, or asks for another name than the account's", () => {
  const sign =
    (identity: string, csrDer: Uint8Array, of = account) =>
    () =>
      signWorkload(identity, { csrDer, account: of }, options);
  expect(sign(WEB, Uint8Array.of(1))).toThrow(
    expect.objectContaining({ code: "invalid-argument" }),
  );
  expect(sign(WEB, csr("other.ns"))).toThrow("exactly the DNS name");
  expect(sign(WEB, csr(WEB), { namespace: "ns", name: "other" })).toThrow(
    "identity must be other.ns",
  );
});

test("IDY6: readIssuer() refuses an issuer that cannot vouch", () => {
  const now = Date.now();
  const other = new FakeAuthority("other");
  const leaf = root.issue("web.ns");
  expect(() => readIssuer(root.issuer, readTrustBundle(other.anchorsPem), now)).toThrow(
    "does not chain",
  );
  expect(() => readIssuer({ keyPem: leaf.keyPem, chainPem: leaf.chainPem }, bundle, now)).toThrow(
    "no CA",
  );
  expect(() => readIssuer({ ...root.issuer, keyPem: leaf.keyPem }, bundle, now)).toThrow("differ");
  expect(() => readIssuer({ ...root.issuer, chainPem: "" }, bundle, now)).toThrow("no certificate");
  expect(() => readIssuer(root.issuer, bundle, now + 10 * DAY_MS)).toThrow("expired");
  expect(() => readIssuer(root.issuer, bundle, now - 10 * DAY_MS)).toThrow("not valid yet");
});

test("IDY6: readIssuer() refuses an issuer below an anchor that has expired, or is not valid yet", () => {
  const nowMs = Date.now();
  const below = (anchor: ReturnType<typeof createAuthority>) => {
    const how = { nowMs, lifetimeMs: DAY_MS, signer: anchor };
    const { keyPem, crtPem: chainPem } = createAuthority("identity", how);
    return () => readIssuer({ keyPem, chainPem }, readTrustBundle(anchor.crtPem), nowMs);
  };
  const old = createAuthority("root", { nowMs: nowMs - 9 * DAY_MS, lifetimeMs: 8 * DAY_MS });
  expect(below(old)).toThrow(UntimelyIssuer);
  expect(below(old)).toThrow("its trust anchor has expired");
  const early = createAuthority("root", { nowMs: nowMs + DAY_MS, lifetimeMs: DAY_MS });
  expect(below(early)).toThrow(UntimelyIssuer);
  expect(below(early)).toThrow("its trust anchor is not valid yet");
});

test("IDY6: of anchors with one key one that is in time is enough, whose end bounds no leaf", () => {
  const nowMs = Date.now();
  const anchor = createAuthority("root", { nowMs, lifetimeMs: DAY_MS });
  const publicKey = createPublicKey(anchor.key);
  const content = {
    ...{ commonName: "root", issuerCommonName: "root", issuerKeyId: keyIdOf(publicKey) },
    ...{ dnsNames: [], publicKey, serial: Uint8Array.of(1), authority: true },
    ...{ notBefore: new Date(nowMs - 9 * DAY_MS), notAfter: new Date(nowMs - DAY_MS) },
  };
  const old = signCertificate(content, (bytes) => signWith("sha256", bytes, anchor.key));
  const below = { nowMs, lifetimeMs: 9 * DAY_MS, signer: anchor };
  const { keyPem, crtPem: chainPem } = createAuthority("identity", below);
  const both = readTrustBundle(toPem("CERTIFICATE", old) + anchor.crtPem);
  const { expiresMs, anchorExpiresMs } = readIssuer({ keyPem, chainPem }, both, nowMs);
  expect([expiresMs, anchorExpiresMs].map((end) => Math.round((end - nowMs) / DAY_MS))).toEqual([
    9, 1,
  ]);
});

test("IDY6: an issuer goes on below a new anchor, signed by the old one too, when that has expired", () => {
  const nowMs = Date.now();
  const old = createAuthority("old", { nowMs: nowMs - 9 * DAY_MS, lifetimeMs: 8 * DAY_MS });
  const renewed = createAuthority("new", { nowMs, lifetimeMs: 9 * DAY_MS });
  const content = {
    ...{ commonName: "new", issuerCommonName: "old", dnsNames: [], authority: true },
    issuerKeyId: keyIdOf(createPublicKey(old.key)),
    ...{ publicKey: createPublicKey(renewed.key), serial: Uint8Array.of(2) },
    ...{ notBefore: new Date(nowMs - DAY_MS), notAfter: new Date(nowMs + 9 * DAY_MS) },
  };
  const cross = signCertificate(content, (bytes) => signWith("sha256", bytes, old.key));
  const { keyPem, crtPem } = createAuthority("identity", {
    ...{ nowMs, lifetimeMs: DAY_MS, signer: renewed },
  });
  const chainPem = crtPem + toPem("CERTIFICATE", cross);
  const both = readTrustBundle(old.crtPem + renewed.crtPem);
  const { anchorExpiresMs } = readIssuer({ keyPem, chainPem }, both, nowMs);
  expect(Math.round((anchorExpiresMs - nowMs) / DAY_MS)).toBe(9);
});

test.each(["RSA", "ED25519"])(
  "readIssuer() refuses a key that signs by no ECDSA: %s",
  (algorithm) => {
    const odd = issueOdd(root, { key: ["-algorithm", algorithm], extensions: AUTHORITY });
    expect(() => readIssuer(odd, bundle, Date.now())).toThrow(
      `its key is ${algorithm.toLowerCase()}, which makes no ECDSA signatures; Linkerd's issuers are ECDSA P-256`,
    );
  },
);

test.each(["P-384", "P-521"])("an issuer of %s signs what verifies", (curve) => {
  const key = ["-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${curve}`];
  const odd = readIssuer(issueOdd(root, { key, extensions: AUTHORITY }), bundle, Date.now());
  const request = { csrDer: csr(WEB), account };
  const { leafDer, intermediates } = signWorkload(WEB, request, { ...options, issuer: odd });
  const chain = [leafDer, ...intermediates].map((der) => new X509Certificate(der));
  expect(anchorOf(chain, bundle)).toBeDefined();
});

test("IDY4: a leaf names its issuer as that is named, whatever it says beside a common name", () => {
  const { keyPem, chainPem } = issueOdd(root, {
    commonName: "identity.linkerd.cluster.local/O=Acme Inc",
    extensions: AUTHORITY,
  });
  const acme = readIssuer({ keyPem, chainPem }, bundle, Date.now());
  const request = { csrDer: csr(WEB), account };
  const { leafDer, intermediates } = signWorkload(WEB, request, { ...options, issuer: acme });
  const chain = [leafDer, ...intermediates].map((der) => new X509Certificate(der));
  expect([acme.commonName, chain[0]?.issuer]).toEqual([
    "identity.linkerd.cluster.local",
    "CN=identity.linkerd.cluster.local\nO=Acme Inc",
  ]);
  expect(anchorOf(chain, bundle)).toBeDefined();
});
