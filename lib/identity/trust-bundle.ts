/** The trust anchors of a mesh as one value: whom a proxy believes, and what everybody calls that set. */

import { createHash, X509Certificate } from "node:crypto";
import { fromPem, toPem } from "#lib/x509/pem.ts";

/** Anchors that are trusted together; in a rotation there are two. */
export interface TrustBundle {
  readonly anchors: readonly X509Certificate[];
  readonly pem: string;
  /** The same for the same set of certificates, in whatever order and form they come; 16 hex digits. */
  readonly generation: string;
}

/** A bundle that cannot be used. */
export class TrustBundleError extends Error {
  override readonly name = "TrustBundleError";
  readonly code: "empty" | "unreadable" | "too-many";

  constructor(message: string, code: TrustBundleError["code"]) {
    super(`Cannot use trust bundle: ${message}`);
    this.code = code;
  }
}

/** Certificates in a bundle: each handshake may have to go through them all. */
export const ANCHORS_LIMIT = 64;

/** Hex digits of a hash that stand for it where people read it. */
const SHORT_DIGITS = 16;

/** Reads all certificates of a PEM text. Throws TrustBundleError. */
export function readTrustBundle(pem: string): TrustBundle {
  return createTrustBundle(blocksOf(pem));
}

/** Certificates in DER as a bundle, each once. Throws TrustBundleError where there is none, or one cannot be read. */
export function createTrustBundle(ders: readonly Uint8Array[]): TrustBundle {
  if (ders.length === 0) throw new TrustBundleError("it has no certificate", "empty");
  if (ders.length > ANCHORS_LIMIT)
    throw new TrustBundleError(`it has more than ${ANCHORS_LIMIT} certificates`, "too-many");
  const named = new Map(ders.map(readAnchor).map((each) => [fingerprintOf(each.raw), each]));
  const names = [...named.keys()].toSorted();
  const anchors = names.flatMap((name) => named.get(name) ?? []);
  return {
    anchors,
    pem: anchors.map(({ raw }) => toPem("CERTIFICATE", Uint8Array.from(raw))).join(""),
    generation: sha256(names.join("\n")).slice(0, SHORT_DIGITS),
  };
}

/**
 * The anchor that a chain leads to, by the start of its SHA-256 fingerprint; undefined where a link is missing or no
 * anchor issued the last certificate. Names and signatures are looked at, times are not.
 */
export function anchorOf(
  chain: readonly X509Certificate[],
  { anchors }: TrustBundle,
): string | undefined {
  const last = chain.at(-1);
  if (last === undefined || !isLinked(chain)) return undefined;
  const found = anchors.find((anchor) => vouches(anchor, last));
  return found && fingerprintOf(found.raw).slice(0, SHORT_DIGITS);
}

/**
 * All anchors that vouch for a chain that is linked, or for a part of it: several where one was renewed and kept its
 * key, or was signed by the one before it. Times are not looked at.
 */
export const anchorsOf = (
  chain: readonly X509Certificate[],
  { anchors }: TrustBundle,
): readonly X509Certificate[] =>
  anchors.filter((anchor) => chain.some((each) => vouches(anchor, each)));

const isLinked = (chain: readonly X509Certificate[]): boolean =>
  chain.slice(1).every((issuer, index) => isIssuedBy(chain[index] as X509Certificate, issuer));

const vouches = (anchor: X509Certificate, each: X509Certificate): boolean =>
  anchor.raw.equals(each.raw) || isIssuedBy(each, anchor);

/**
 * Whether proxies may take a wrong anchor for the issuer of one of these certificates: BoringSSL tries but the first that
 * fits by name and key identifier. So anchors of one name need certificates below them that say which of them is meant.
 */
export function isAmbiguous(chain: readonly X509Certificate[], { anchors }: TrustBundle): boolean {
  return chain.some((each) =>
    anchors.some((anchor) => each.checkIssued(anchor) && !each.verify(anchor.publicKey)),
  );
}

/** Whether a certificate names an issuer and carries its signature. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function blocksOf(pem: string): Uint8Array[] {
  try {
    return fromPem("CERTIFICATE", pem);
  } catch {
    throw new TrustBundleError("it is not PEM", "unreadable");
  }
}

function readAnchor(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    throw new TrustBundleError("one of its certificates is malformed", "unreadable");
  }
}

const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");
const fingerprintOf = (der: Uint8Array): string => sha256(der);
