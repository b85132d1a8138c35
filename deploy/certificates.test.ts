import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { ofEachWebhook } from "#lib/k8s/webhooks.ts";
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

test("a webhook's certificate is for its Service's host", () => {
  const made = createCertificates({ namespace: "l", trustDomain: "t", nowMs });
  const names = Object.values(
    ofEachWebhook((key) => new X509Certificate(made[key].crtPem).subjectAltName),
  );
  expect(names).toEqual([
    "DNS:linkerd-proxy-injector.l.svc",
    "DNS:linkerd-policy-validator.l.svc",
    "DNS:linkerd-sp-validator.l.svc",
  ]);
});

test("certificatesIn() has what the values hold whole, and withoutCertificates() nothing of it", () => {
  const { anchorsPem, issuer } = certificates;
  const tls = { crtPEM: issuer.crtPem, keyPEM: issuer.keyPem };
  const values = createValues("1", {
    identityTrustAnchorsPEM: anchorsPem,
    identity: { issuer: { tls } },
    ...ofEachWebhook((key) => {
      const { crtPem, keyPem, caPem } = certificates[key];
      return { crtPEM: crtPem, keyPEM: keyPem, caBundle: caPem };
    }),
  });
  const { own, serving } = certificatesIn(values);
  expect(own).toEqual({ anchorsPem, issuer: { crtPem: tls.crtPEM, keyPem: tls.keyPEM } });
  const made = createCertificates({ namespace: "x", trustDomain: "y", nowMs, serving });
  expect({ ...made, ...own }).toEqual({ ...certificates, anchorKeyPem: made.anchorKeyPem });
  expect(withoutCertificates(values)).toEqual(createValues("1"));
  expect(certificatesIn(createValues("1"))).toEqual({ own: {}, serving: {} });
});

test("certificatesIn() takes a webhook's certificate whole, and each for itself", () => {
  const { crtPem, keyPem, caPem } = certificates.policyValidator;
  const values = createValues("1", {
    policyValidator: { crtPEM: crtPem, keyPEM: keyPem, caBundle: caPem },
    profileValidator: { crtPEM: crtPem, keyPEM: keyPem },
  });
  expect(certificatesIn(values).serving).toEqual({ policyValidator: { crtPem, keyPem, caPem } });
});

test("of a webhook's certificate that others write its CA is used, and kept among the values", () => {
  const { caPem } = certificates.policyValidator;
  const values = createValues("1", {
    policyValidator: { externalSecret: true, caBundle: caPem },
    profileValidator: { externalSecret: true, injectCaFrom: "linkerd/sp" },
  });
  expect(certificatesIn(values).serving).toEqual({
    policyValidator: { crtPem: "", keyPem: "", caPem },
    profileValidator: { crtPem: "", keyPem: "", caPem: "" },
  });
  expect(withoutCertificates(values)).toEqual(values);
});
