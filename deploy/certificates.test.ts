import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { readIssuer } from "../controller/identity/authority.ts";
import { certificatesIn, createCertificates, withoutCertificates } from "./certificates.ts";
import { createValues } from "./values.ts";

const nowMs = Date.UTC(2026, 0, 1);
const certificates = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs,
});
const DAY_MS = 86_400_000;

test("createCertificates() makes an issuer that the identity service takes", () => {
  const { issuer, anchorsPem } = certificates;
  const read = readIssuer(
    { keyPem: issuer.keyPem, chainPem: issuer.crtPem },
    readTrustBundle(anchorsPem),
    nowMs,
  );
  expect(read.commonName).toBe("identity.linkerd.cluster.local");
  expect(read.intermediates).toHaveLength(1);
  expect(read.expiresMs).toBe(nowMs + 365 * DAY_MS);
});

test("the anchor signed itself, and its key is given to the caller", () => {
  const anchor = new X509Certificate(certificates.anchorsPem);
  expect([anchor.subject, anchor.ca, anchor.verify(anchor.publicKey)]).toEqual([
    "CN=root.linkerd.cluster.local",
    true,
    true,
  ]);
  expect(certificates.anchorKeyPem).toContain("BEGIN PRIVATE KEY");
});

test("anchors and issuer of the user's own stay as they are", () => {
  const own = { anchorsPem: "anchors", issuer: { crtPem: "crt", keyPem: "key" } };
  const made = createCertificates({ namespace: "l", trustDomain: "t", nowMs, own });
  expect(made).toMatchObject({ ...own, anchorKeyPem: undefined });
  expect(new X509Certificate(made.proxyInjector.crtPem).subjectAltName).toBe(
    "DNS:linkerd-proxy-injector.l.svc",
  );
});

test("certificatesIn() has what the values hold whole, and withoutCertificates() nothing of it", () => {
  const { anchorsPem, issuer, proxyInjector } = certificates;
  const tls = { crtPEM: issuer.crtPem, keyPEM: issuer.keyPem };
  const values = createValues("1", {
    identityTrustAnchorsPEM: anchorsPem,
    identity: { issuer: { tls } },
    proxyInjector: {
      crtPEM: proxyInjector.crtPem,
      keyPEM: proxyInjector.keyPem,
      caBundle: proxyInjector.caPem,
    },
  });
  const { own, serving } = certificatesIn(values);
  expect(own).toEqual({ anchorsPem, issuer: { crtPem: tls.crtPEM, keyPem: tls.keyPEM } });
  expect(createCertificates({ namespace: "x", trustDomain: "y", nowMs, own, serving })).toEqual({
    anchorsPem,
    issuer: { crtPem: tls.crtPEM, keyPem: tls.keyPEM },
    proxyInjector,
    anchorKeyPem: undefined,
  });
  expect(withoutCertificates(values)).toEqual(createValues("1"));
  expect(certificatesIn(createValues("1"))).toEqual({ own: undefined, serving: undefined });
});
