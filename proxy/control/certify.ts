/** Asks the identity service for a certificate, and believes the answer only if it is ours and chains to an anchor. */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { decode } from "#lib/api/wire/decode.ts";
import { encode } from "#lib/api/wire/encode.ts";
import { CertifyRequest, CertifyResponse } from "#lib/api/wire/gen/identity.ts";
import { anchorOf, type TrustBundle } from "#lib/identity/trust-bundle.ts";
import { toPem } from "#lib/x509/pem.ts";
import type { WorkloadKey } from "../identity/key.ts";
import type { Certified } from "../identity/renew.ts";
import type { ControlChannel } from "./channel.ts";

/** The identity service refused, or answered what cannot be used. */
export class CertifyError extends Error {
  override readonly name = "CertifyError";
  readonly code: "expired" | "untrusted" | "name" | "key";

  constructor(message: string, code: CertifyError["code"]) {
    super(message);
    this.code = code;
  }
}

/** What is asked for and how the answer is judged. */
export interface CertifyOptions {
  readonly channel: Pick<ControlChannel, "call">;
  readonly localName: string;
  readonly key: WorkloadKey;
  /** Asked when the answer is there: the anchors may have changed meanwhile. */
  readonly bundle: () => TrustBundle;
  /** Read anew for each request: the kubelet replaces the file. */
  readonly readToken: () => Promise<Uint8Array>;
  readonly wallMs: () => number;
}

/** One request. Rejects with GrpcError or CertifyError. */
export async function certify(options: CertifyOptions): Promise<Certified> {
  const request = encode(CertifyRequest, {
    identity: options.localName,
    token: await options.readToken(),
    certificateSigningRequest: options.key.csrDer,
  });
  const path = "/io.linkerd.proxy.identity.Identity/Certify";
  const answer = await options.channel.call(path, request);
  const { leafCertificate, intermediateCertificates, validUntil } = decode(CertifyResponse, answer);
  const expiresMs = Number(validUntil?.seconds ?? 0n) * 1000;
  if (expiresMs <= options.wallMs())
    throw new CertifyError("Cannot use certificate: it has expired", "expired");
  const chain = [leafCertificate, ...intermediateCertificates];
  judge(chain, options);
  return { chainPem: chain.map((der) => toPem("CERTIFICATE", der)).join(""), expiresMs };
}

/** The leaf must carry our name and our key, and each certificate be signed by the next, the last by an anchor. */
function judge(chain: readonly Uint8Array[], { localName, key, bundle }: CertifyOptions): void {
  const certificates = chain.map((der) => new X509Certificate(der));
  const [leaf] = certificates;
  if (leaf?.checkHost(localName) === undefined)
    throw new CertifyError(`Cannot use certificate: it is not for ${localName}`, "name");
  if (!leaf.checkPrivateKey(createPrivateKey(key.keyPem)))
    throw new CertifyError("Cannot use certificate: it is not for our key", "key");
  if (anchorOf(certificates, bundle()) === undefined)
    throw new CertifyError(
      "Cannot use certificate: it does not chain to a trust anchor",
      "untrusted",
    );
}
