/** Category linkerd-identity: trust anchors and issuer can be used, now and for a while. */

import { createPrivateKey, type X509Certificate } from "node:crypto";
import {
  expiresSoon,
  isIssuedBy,
  keyProblem,
  nameOf,
  parseCertificates,
  timeProblem,
} from "./certificate.ts";
import { type Category, type Check, expectNone, expectThat, type Target } from "./check.ts";
import { ISSUER_SECRET, readAnchors, readCertificate } from "./config.ts";

type Judge = (certificate: X509Certificate, target: Target) => string | undefined;

const anchorCheck = (title: string, judge: Judge): Check["run"] => {
  return async (target) => {
    const anchors = parseCertificates(await readAnchors(target));
    expectNone(
      title,
      anchors.flatMap((anchor) => {
        const problem = judge(anchor, target);
        return problem === undefined ? [] : [`${nameOf(anchor)} ${problem}`];
      }),
    );
  };
};

const issuerCheck = (judge: Judge): Check["run"] => {
  return async (target) => {
    const problem = judge(await readIssuer(target), target);
    expectThat(problem === undefined, `issuer certificate ${problem}`);
  };
};

async function readIssuer(target: Target): Promise<X509Certificate> {
  const [issuer] = parseCertificates((await readCertificate(target, ISSUER_SECRET)).crtPem);
  expectThat(issuer !== undefined, `there is no certificate in Secret ${ISSUER_SECRET}`);
  return issuer;
}

/** The checks. */
export const IDENTITY: Category = {
  name: "linkerd-identity",
  checks: [
    {
      description: "certificate config is valid",
      anchor: "l5d-identity-cert-config-valid",
      severity: "fatal",
      run: async (target) => {
        parseCertificates(await readAnchors(target));
        const { keyPem } = await readCertificate(target, ISSUER_SECRET);
        const issuer = await readIssuer(target);
        expectThat(
          issuer.checkPrivateKey(createPrivateKey(keyPem)),
          "the issuer's certificate and key do not match",
        );
        expectThat(issuer.ca, "the issuer's certificate is not that of a certificate authority");
      },
    },
    {
      description: "trust anchors are using supported crypto algorithm",
      anchor: "l5d-identity-trustAnchors-use-supported-crypto",
      severity: "fatal",
      run: anchorCheck("Invalid trustAnchors", (anchor) => keyProblem(anchor, { rsa: true })),
    },
    {
      description: "trust anchors are within their validity period",
      anchor: "l5d-identity-trustAnchors-are-time-valid",
      severity: "fatal",
      run: anchorCheck("Invalid anchors", (anchor, { wall }) => timeProblem(anchor, wall())),
    },
    {
      description: "trust anchors are valid for at least 60 days",
      anchor: "l5d-identity-trustAnchors-not-expiring-soon",
      severity: "warning",
      run: anchorCheck("Anchors expiring soon", (anchor, { wall }) => expiresSoon(anchor, wall())),
    },
    {
      description: "issuer cert is using supported crypto algorithm",
      anchor: "l5d-identity-issuer-cert-uses-supported-crypto",
      severity: "fatal",
      run: issuerCheck((issuer) => keyProblem(issuer, { rsa: false })),
    },
    {
      description: "issuer cert is within its validity period",
      anchor: "l5d-identity-issuer-cert-is-time-valid",
      severity: "fatal",
      run: issuerCheck((issuer, { wall }) => timeProblem(issuer, wall())),
    },
    {
      description: "issuer cert is valid for at least 60 days",
      anchor: "l5d-identity-issuer-cert-not-expiring-soon",
      severity: "warning",
      run: issuerCheck((issuer, { wall }) => expiresSoon(issuer, wall())),
    },
    {
      description: "issuer cert is issued by the trust anchor",
      anchor: "l5d-identity-issuer-cert-issued-by-trust-anchor",
      run: async (target) => {
        const anchors = parseCertificates(await readAnchors(target));
        const issuer = await readIssuer(target);
        expectThat(
          isIssuedBy(issuer, anchors),
          `issuer certificate ${nameOf(issuer)} is not issued by a trust anchor: ${anchors.map(nameOf).join(", ")}`,
        );
      },
    },
  ],
};
