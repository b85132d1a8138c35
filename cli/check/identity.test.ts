import { expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { createCertificates } from "../../deploy/certificates.ts";
import { changed, findings, INSTALLED_MS, without } from "../../test/fake/installed.ts";
import { IDENTITY } from "./identity.ts";

type Encoded = { data: Record<string, string> };
const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("a fresh issuer under its anchor is well", async () => {
  expect(await findings(IDENTITY)).toEqual({});
});

test("an issuer that is about to expire is a warning, an expired one is fatal", async () => {
  const soon = await findings(IDENTITY, { days: 330 });
  expect(Object.keys(soon)).toEqual(["warning: issuer cert is valid for at least 60 days"]);
  expect(Object.values(soon)[0]).toStartWith(
    "issuer certificate will expire on 2027-01-01T00:00:00Z",
  );
  const late = await findings(IDENTITY, { days: 370 });
  expect(late["error: issuer cert is within its validity period"]).toStartWith(
    "issuer certificate not valid anymore. Expired on 2027-01-01",
  );
  const later = await findings(IDENTITY, { days: 3700 });
  expect(later["error: trust anchors are within their validity period"]).toMatch(
    /^Invalid anchors:\n\t\* \d+ root.linkerd.cluster.local not valid anymore/,
  );
  expect(await findings(IDENTITY, { days: -30 })).toHaveProperty([
    "error: trust anchors are within their validity period",
  ]);
});

test("an issuer of another anchor, a key of another certificate, and no Secret are told", async () => {
  const other = createCertificates({
    namespace: "linkerd",
    trustDomain: "cluster.local",
    nowMs: INSTALLED_MS,
  });
  const foreign = changed("Secret/linkerd-identity-issuer", (secret: Encoded) => {
    secret.data = {
      "tls.crt": base64(other.issuer.crtPem),
      "tls.key": base64(other.issuer.keyPem),
    };
  });
  const wrong = await findings(IDENTITY, { objects: foreign });
  expect(wrong["error: issuer cert is issued by the trust anchor"]).toContain(
    "is not issued by a trust anchor",
  );
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const mixed = changed("Secret/linkerd-identity-issuer", (secret: Encoded) => {
    secret.data["crt.pem"] = base64(other.issuer.crtPem);
    secret.data["key.pem"] = base64(String(privateKey.export({ format: "pem", type: "pkcs8" })));
  });
  expect(Object.values(await findings(IDENTITY, { objects: mixed }))).toEqual([
    "the issuer's certificate and key do not match",
  ]);
  expect(
    Object.values(await findings(IDENTITY, { objects: without("Secret/linkerd-identity-issuer") })),
  ).toEqual(['secrets "linkerd-identity-issuer" not found']);
});
