/** The Identity API: `Certify` (proxy-api.md, section 3.11). */

import { create, toBinary } from "@bufbuild/protobuf";
import { DNS_NAME_LIMIT } from "#lib/addr/dns-name.ts";
import { CertifyRequestSchema, CertifyResponseSchema } from "#lib/api/gen/proxy/identity_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { readMessage } from "#lib/grpc/message.ts";
import type { CallHandler, ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import { parseServiceAccount, type ServiceAccount } from "#lib/identity/workload-id.ts";
import { CertifyRefusal } from "../core/certify.ts";
import type { TokenReviewer } from "../core/token-reviewer.ts";

/** A certificate for a workload. */
export interface Leaf {
  readonly leafDer: Uint8Array;
  readonly intermediates: readonly Uint8Array[];
  /** Calendar milliseconds. */
  readonly expiresMs: number;
}

/** What the API needs. `sign` throws CertifyRefusal. */
export interface CertifyOptions {
  readonly reviewer: TokenReviewer;
  readonly sign: (
    identity: string,
    request: { readonly csrDer: Uint8Array; readonly account: ServiceAccount },
  ) => Leaf;
  /** Told of every answer, for events and metrics. */
  readonly onAnswered: (identity: string, refusal: CertifyRefusal | undefined) => void;
}

const CODES: Readonly<Record<CertifyRefusal["code"], number>> = {
  "invalid-argument": GrpcCode.INVALID_ARGUMENT,
  "failed-precondition": GrpcCode.FAILED_PRECONDITION,
  internal: GrpcCode.INTERNAL,
  unavailable: GrpcCode.UNAVAILABLE,
  unknown: GrpcCode.UNKNOWN,
};

/** Handles calls of `Certify`. */
export function createCertifyHandler(options: CertifyOptions): CallHandler {
  return (call) => {
    const { identity, token, certificateSigningRequest } = readMessage(
      CertifyRequestSchema,
      call.request,
    );
    answer(
      call,
      { identity, token: new TextDecoder().decode(token), csrDer: certificateSigningRequest },
      options,
    ).catch((error: unknown) => {
      const refusal =
        error instanceof CertifyRefusal
          ? error
          : new CertifyRefusal("identity service failed", "internal");
      options.onAnswered(identity.slice(0, DNS_NAME_LIMIT), refusal);
      call.end(CODES[refusal.code], refusal.message);
    });
  };
}

async function answer(
  call: ServerCall,
  request: { readonly identity: string; readonly token: string; readonly csrDer: Uint8Array },
  { reviewer, sign, onAnswered }: CertifyOptions,
): Promise<void> {
  const { identity, token, csrDer } = request;
  if (identity === "" || token === "" || csrDer.length === 0)
    throw new CertifyRefusal("identity, token and signing request must be set", "invalid-argument");
  if (identity.length > DNS_NAME_LIMIT)
    throw new CertifyRefusal(
      `identity is longer than ${DNS_NAME_LIMIT} characters`,
      "invalid-argument",
    );
  const verdict = await review(reviewer, token);
  if (verdict.type === "refused")
    throw new CertifyRefusal(`token is not valid: ${verdict.message}`, "failed-precondition");
  if (verdict.type === "invalid")
    throw new CertifyRefusal(`token is not valid: ${verdict.message}`, "invalid-argument");
  const account = parseServiceAccount(verdict.user);
  if (account === undefined)
    throw new CertifyRefusal(
      `token is not of a service account: ${verdict.user}`,
      "invalid-argument",
    );
  const leaf = sign(identity, { csrDer, account });
  const response = create(CertifyResponseSchema, {
    leafCertificate: leaf.leafDer,
    intermediateCertificates: [...leaf.intermediates],
    validUntil: { seconds: BigInt(Math.floor(leaf.expiresMs / 1000)), nanos: 0 },
  });
  onAnswered(identity, undefined);
  call.send(frameMessage(toBinary(CertifyResponseSchema, response)));
  call.end(GrpcCode.OK, "");
}

async function review(reviewer: TokenReviewer, token: string): ReturnType<TokenReviewer["review"]> {
  try {
    return await reviewer.review(token);
  } catch (error) {
    throw new CertifyRefusal(`token could not be reviewed: ${String(error)}`, "internal");
  }
}
