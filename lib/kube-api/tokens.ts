/** ServiceAccount tokens: signed JWTs (ES256), made and verified. */

import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { type Fields, fieldsOf, isFields, stringsOf, textAt } from "./object.ts";
import type { User } from "./user.ts";

/** Whom a token is for. */
export interface TokenSubject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly pod?: { readonly name: string; readonly uid: string };
  readonly node?: { readonly name: string; readonly uid: string };
}

/** A token that was verified. */
export interface VerifiedToken {
  readonly user: User;
  readonly audiences: readonly string[];
  readonly subject: TokenSubject;
}

/** Signs and verifies with one key. */
export interface TokenIssuer {
  /** Audience of tokens that name none. */
  readonly audience: string;
  issue(
    subject: TokenSubject,
    how: {
      readonly audiences: readonly string[];
      readonly wallMs: number;
      readonly seconds: number;
      readonly id: string;
    },
  ): string;
  /** Undefined where the token is not ours, is expired or was changed. */
  verify(token: string, wallMs: number): VerifiedToken | undefined;
  /** The key as a JWK set. */
  readonly keys: Fields;
}

/** Creates an issuer on a P-256 private key; `issuer` is the `iss` of its tokens and their default audience. */
export function createTokenIssuer(key: KeyObject, issuer: string): TokenIssuer {
  const publicKey = createPublicKey(key);
  const jwk = publicKey.export({ format: "jwk" });
  const kid = createHash("sha256").update(JSON.stringify(jwk)).digest("base64url");
  const header = encode({ alg: "ES256", kid, typ: "JWT" });
  return {
    audience: issuer,
    keys: { keys: [{ ...jwk, kid, use: "sig", alg: "ES256" }] },
    issue: (subject, { audiences, wallMs, seconds, id }) => {
      const now = Math.floor(wallMs / 1000);
      const { namespace, name, uid, pod, node } = subject;
      const claims = {
        aud: audiences.length > 0 ? audiences : [issuer],
        exp: now + seconds,
        iat: now,
        nbf: now,
        iss: issuer,
        jti: id,
        sub: `system:serviceaccount:${namespace}:${name}`,
        "kubernetes.io": {
          namespace,
          serviceaccount: { name, uid },
          ...(pod && { pod }),
          ...(node && { node }),
        },
      };
      const signed = `${header}.${encode(claims)}`;
      const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
      return `${signed}.${signature.toString("base64url")}`;
    },
    verify: (token, wallMs) => {
      const [head = "", body = "", signature = ""] = token.split(".");
      const bytes = Buffer.from(signature, "base64url");
      const signer = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
      if (!verify("sha256", Buffer.from(`${head}.${body}`), signer, bytes)) return undefined;
      const claims = fieldsOf(JSON.parse(Buffer.from(body, "base64url").toString()));
      return Number(claims["exp"]) * 1000 > wallMs ? verifiedOf(claims) : undefined;
    },
  };
}

function verifiedOf(claims: Fields): VerifiedToken {
  const own = fieldsOf(claims["kubernetes.io"]);
  const namespace = textAt(own, "namespace") ?? "";
  const name = textAt(own, "serviceaccount", "name") ?? "";
  const uid = textAt(own, "serviceaccount", "uid") ?? "";
  const pod = named(own["pod"]);
  const node = named(own["node"]);
  return {
    subject: { namespace, name, uid, ...(pod && { pod }), ...(node && { node }) },
    audiences: stringsOf(claims["aud"]),
    user: {
      username: `system:serviceaccount:${namespace}:${name}`,
      uid,
      groups: [
        "system:serviceaccounts",
        `system:serviceaccounts:${namespace}`,
        "system:authenticated",
      ],
      ...(pod && {
        extra: {
          "authentication.kubernetes.io/pod-name": [pod.name],
          "authentication.kubernetes.io/pod-uid": [pod.uid],
        },
      }),
    },
  };
}

function named(value: unknown): { readonly name: string; readonly uid: string } | undefined {
  return isFields(value)
    ? { name: textAt(value, "name") ?? "", uid: textAt(value, "uid") ?? "" }
    : undefined;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
