/** What the identity service is asked, and how it is judged (IDY1 to IDY4); no Kubernetes and no messages. */

/** Why a request was refused; the codes are gRPC's, by name. */
export class CertifyRefusal extends Error {
  override readonly name = "CertifyRefusal";
  readonly code:
    | "invalid-argument"
    | "failed-precondition"
    | "internal"
    | "unavailable"
    | "unknown";

  constructor(message: string, code: CertifyRefusal["code"]) {
    super(message);
    this.code = code;
  }
}

/** A signing request, as far as it is judged. */
export interface RequestedNames {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly otherNames: number;
}

/** Refuses a request whose names are anything but the identity: one DNS name, and no common name or the same. */
export function judgeNames(identity: string, request: RequestedNames): void {
  const [name, ...more] = request.dnsNames;
  if (name !== identity || more.length > 0)
    throw new CertifyRefusal(
      `request must have exactly the DNS name ${identity}`,
      "failed-precondition",
    );
  if (request.commonName !== "" && request.commonName !== identity)
    throw new CertifyRefusal(
      `request must have no common name or ${identity}`,
      "failed-precondition",
    );
  if (request.otherNames > 0)
    throw new CertifyRefusal("request must have no other names", "failed-precondition");
}

/**
 * When a certificate begins and ends: never later than its issuers (IDY4). Clocks of nodes may differ by `skewMs`,
 * by which it begins earlier and ends later. Calendar milliseconds.
 */
export function validity(
  nowMs: number,
  how: {
    readonly lifetimeMs: number;
    readonly issuerExpiresMs: number;
    readonly skewMs: number;
  },
): { readonly notBefore: Date; readonly notAfter: Date } {
  const notAfter = Math.min(nowMs + how.lifetimeMs + how.skewMs, how.issuerExpiresMs);
  return { notBefore: new Date(nowMs - how.skewMs), notAfter: new Date(notAfter) };
}
