/** The certificate authority's rules: which requests for a name it signs, and what the leaf says. */

import type { X509Certificate } from "node:crypto";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import { type MeshDomain, parseServiceAccountUser, workloadId } from "#lib/identity/workload-id.ts";
import { type CertificateRequest, parseRequest, type Sign } from "#lib/x509/request.ts";
import { signCertificate } from "#lib/x509/sign.ts";

/** Milliseconds that a leaf lives, the skew apart. */
export const LEAF_LIFETIME_MS: number = 24 * 60 * 60 * 1000;

/** Milliseconds of clock skew allowed on both sides of a leaf's life. */
export const CLOCK_SKEW_MS: number = 20_000;

/** What signs leaves: the issuer's certificate first, then up to, without, the root. */
export interface Issuer {
  /** The CN that leaves name as their issuer. */
  readonly commonName: string;
  readonly chain: readonly X509Certificate[];
  readonly sign: Sign;
}

/** A request as it came over the wire. */
export interface CertifyCall {
  readonly identity: string;
  readonly token: Uint8Array;
  readonly request: Uint8Array;
}

/** An issued leaf, in DER. */
export interface IssuedLeaf {
  readonly leaf: Uint8Array;
  readonly intermediates: readonly Uint8Array[];
  readonly notAfter: Date;
}

/** Checks what a call asks for before any token is reviewed (IDY1). Throws a GrpcError. */
export function checkRequest({ identity, token, request }: CertifyCall): CertificateRequest {
  if (identity === "") throw invalid("the identity is empty");
  if (token.length === 0) throw invalid("the token is empty");
  if (request.length === 0) throw invalid("the request is empty");
  const parsed = parseRequest(request);
  if (parsed === undefined) throw invalid("the request is malformed or not signed by its key");
  if (parsed.otherNames > 0) throw refused("the request has names that are not DNS names");
  if (parsed.dnsNames.length !== 1 || parsed.dnsNames[0] !== identity)
    throw refused("the request's DNS name is not the identity");
  if (parsed.commonName !== "" && parsed.commonName !== identity)
    throw refused("the request's common name is not the identity");
  if (parsed.publicKey.asymmetricKeyType !== "ec") throw refused("the request's key is not ECDSA");
  return parsed;
}

/** Checks that a reviewed user is the workload that it says it is (IDY2, IDY3). Throws a GrpcError. */
export function checkIdentity(identity: string, user: string, domain: MeshDomain): void {
  const account = parseServiceAccountUser(user);
  if (account === undefined) throw invalid("the token's user is not a service account");
  if (workloadId(account, domain) !== identity)
    throw refused("the token's service account is not the identity's");
}

/** Issues the leaf (IDY4, IDY5); `serial` is 1 to 20 random bytes. */
export function issueLeaf(
  issuer: Issuer,
  request: CertificateRequest,
  at: { readonly now: Date; readonly serial: Uint8Array },
): IssuedLeaf {
  const wanted = at.now.getTime() + LEAF_LIFETIME_MS + CLOCK_SKEW_MS;
  // A leaf that outlived a certificate above it would not verify to its end.
  const ends = issuer.chain.map(({ validTo }) => new Date(validTo).getTime());
  const notAfter = new Date(Math.min(wanted, ...ends));
  const content = {
    commonName: request.commonName,
    issuerCommonName: issuer.commonName,
    dnsNames: request.dnsNames,
    publicKey: request.publicKey,
    serial: at.serial,
    notBefore: new Date(at.now.getTime() - CLOCK_SKEW_MS),
    notAfter,
    authority: false,
  };
  return {
    leaf: signCertificate(content, issuer.sign),
    intermediates: issuer.chain.map(({ raw }) => new Uint8Array(raw)),
    notAfter,
  };
}

function invalid(state: string): GrpcError {
  return new GrpcError(GrpcCode.INVALID_ARGUMENT, `Cannot certify workload: ${state}`);
}

function refused(state: string): GrpcError {
  return new GrpcError(GrpcCode.FAILED_PRECONDITION, `Cannot certify workload: ${state}`);
}
