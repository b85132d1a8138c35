/** Signs requests of authenticated workloads with the issuer's key (IDY1 to IDY6). */

import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  X509Certificate,
} from "node:crypto";
import { anchorOf, anchorsOf, isAmbiguous, type TrustBundle } from "#lib/identity/trust-bundle.ts";
import { type ServiceAccount, type TrustDomain, workloadId } from "#lib/identity/workload-id.ts";
import { keyIdOf } from "#lib/x509/key-id.ts";
import { parseSubjectKeyId } from "#lib/x509/parse-key-id.ts";
import { parseRequest } from "#lib/x509/parse-request.ts";
import { parseSubject } from "#lib/x509/parse-subject.ts";
import { fromPem } from "#lib/x509/pem.ts";
import { signCertificate, signerProblem } from "#lib/x509/sign.ts";
import { CertifyRefusal, judgeNames, validity } from "../core/certify.ts";

/** Curves of workloads' keys, as OpenSSL names them: those that a proxy of Linkerd verifies. */
const CURVES: readonly string[] = ["prime256v1", "secp384r1", "secp521r1"];

/** The issuer, as its Secret holds it. */
export interface IssuerPem {
  readonly keyPem: string;
  /** The issuer's certificate first, then those between it and the anchor. */
  readonly chainPem: string;
}

/** An issuer that chains to the anchors. */
export interface Issuer {
  readonly key: KeyObject;
  /** What it is called in logs: its common name, or all of its subject where it has none. */
  readonly commonName: string;
  /** Its subject, DER. */
  readonly subject: Uint8Array;
  /** Its subjectKeyIdentifier; a hash of its key where its certificate has none, which is then like no other's. */
  readonly keyId: Uint8Array;
  /** The issuer's chain without the anchor, DER. */
  readonly intermediates: readonly Uint8Array[];
  /** The first expiry in the chain, calendar milliseconds. */
  readonly expiresMs: number;
  /** When the last anchor that vouches for it ends, calendar milliseconds; leaves are bounded by the chain alone. */
  readonly anchorExpiresMs: number;
}

/** A signed certificate with what leads to the anchor. */
export interface SignedLeaf {
  readonly leafDer: Uint8Array;
  readonly intermediates: readonly Uint8Array[];
  readonly expiresMs: number;
}

/** An issuer that is good at another time than now, as the clock has it. */
export class UntimelyIssuer extends Error {
  override readonly name = "UntimelyIssuer";
}

/**
 * Reads an issuer and verifies it; throws with what is wrong where it is unreadable, no CA or untrusted, and
 * UntimelyIssuer where it has expired or is not valid yet.
 */
export function readIssuer(pem: IssuerPem, bundle: TrustBundle, nowMs: number): Issuer {
  const { anchors } = bundle;
  const key = createPrivateKey(pem.keyPem);
  const chain = fromPem("CERTIFICATE", pem.chainPem).map((der) => new X509Certificate(der));
  const [first] = chain;
  if (first === undefined) throw new Error("Cannot use issuer: it has no certificate");
  if (!first.ca) throw new Error("Cannot use issuer: its certificate is no CA");
  if (!first.publicKey.equals(createPublicKey(key)))
    throw new Error("Cannot use issuer: key and certificate differ");
  const problem = signerProblem(key);
  if (problem !== undefined) throw new Error(`Cannot use issuer: its ${problem}`);
  if (anchorOf(chain, bundle) === undefined)
    throw new Error("Cannot use issuer: it does not chain to a trust anchor");
  if (isAmbiguous(chain, bundle))
    throw new Error(
      "Cannot use issuer: it has no authorityKeyIdentifier, and several trust anchors have the name of its own; sign it again with one",
    );
  const ends = expectTimely(chain, { vouching: anchorsOf(chain, bundle), nowMs });
  const intermediates = chain.filter(
    (each) => !anchors.some((anchor) => anchor.raw.equals(each.raw)),
  );
  return {
    key,
    commonName: /^CN=(.*)$/m.exec(first.subject)?.[1] ?? first.subject,
    subject: parseSubject(first.raw),
    keyId: parseSubjectKeyId(first.raw) ?? keyIdOf(first.publicKey),
    intermediates: intermediates.map(({ raw }) => Uint8Array.from(raw)),
    ...ends,
  };
}

/** When chain and anchors end. Throws UntimelyIssuer where one in the chain, or each anchor, is not in time. */
function expectTimely(
  chain: readonly X509Certificate[],
  { vouching, nowMs }: { readonly vouching: readonly X509Certificate[]; readonly nowMs: number },
): Pick<Issuer, "expiresMs" | "anchorExpiresMs"> {
  const refuse = (problem: string): never => {
    throw new UntimelyIssuer(`Cannot use issuer: ${problem}`);
  };
  const hasBegun = ({ validFrom }: X509Certificate): boolean => Date.parse(validFrom) <= nowMs;
  const endOf = ({ validTo }: X509Certificate): number => Date.parse(validTo);
  const expiresMs = Math.min(...chain.map(endOf));
  if (expiresMs <= nowMs) refuse("its chain has expired");
  if (!chain.every(hasBegun)) refuse("its chain is not valid yet");
  const anchorExpiresMs = Math.max(...vouching.map(endOf));
  if (anchorExpiresMs <= nowMs) refuse("its trust anchor has expired");
  if (!vouching.some((anchor) => hasBegun(anchor) && endOf(anchor) > nowMs))
    refuse("its trust anchor is not valid yet");
  return { expiresMs, anchorExpiresMs };
}

/** What signing needs beside the request. */
export interface SignOptions {
  readonly issuer: Issuer;
  readonly domain: TrustDomain;
  readonly lifetimeMs: number;
  /** How far clocks of nodes may differ. */
  readonly skewMs: number;
  readonly nowMs: number;
  /** At least 8 random bytes. */
  readonly serial: Uint8Array;
}

/** Signs a request of a service account that has proved itself. Throws CertifyRefusal. */
export function signWorkload(
  identity: string,
  request: { readonly csrDer: Uint8Array; readonly account: ServiceAccount },
  { issuer, domain, lifetimeMs, skewMs, nowMs, serial }: SignOptions,
): SignedLeaf {
  const csr = parseRequest(request.csrDer);
  if (csr === undefined)
    throw new CertifyRefusal("signing request is malformed", "invalid-argument");
  judgeNames(identity, csr);
  const expected = workloadId(request.account, domain);
  if (identity !== expected)
    throw new CertifyRefusal(`identity must be ${expected}`, "failed-precondition");
  if (!CURVES.includes(csr.publicKey.asymmetricKeyDetails?.namedCurve ?? ""))
    throw new CertifyRefusal("key must be of P-256, P-384 or P-521", "failed-precondition");
  const { notBefore, notAfter } = validity(nowMs, {
    lifetimeMs,
    skewMs,
    issuerExpiresMs: issuer.expiresMs,
  });
  const content = {
    commonName: csr.commonName,
    issuerCommonName: issuer.commonName,
    issuerName: issuer.subject,
    issuerKeyId: issuer.keyId,
    dnsNames: csr.dnsNames,
    publicKey: csr.publicKey,
    serial,
    notBefore,
    notAfter,
    authority: false,
  };
  const leafDer = signCertificate(content, (bytes) => sign("sha256", bytes, issuer.key));
  return { leafDer, intermediates: issuer.intermediates, expiresMs: notAfter.getTime() };
}
