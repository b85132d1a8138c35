/** Who sends a request: a static token, a ServiceAccount's token, or nobody. */

import { ApiError } from "./api-error.ts";
import type { Store } from "./store.ts";
import type { TokenIssuer, VerifiedToken } from "./tokens.ts";
import type { User } from "./user.ts";

/** What tokens are checked against. */
export interface Authority {
  readonly store: Store;
  readonly issuer: TokenIssuer;
  readonly staticTokens: ReadonlyMap<string, User>;
  readonly wall: () => number;
}

const ANONYMOUS: User = { username: "system:anonymous", groups: ["system:unauthenticated"] };

/** The user of an `Authorization` field. Throws Unauthorized for a token that does not hold. */
export function authenticate(authority: Authority, authorization: string | undefined): User {
  if (authorization === undefined) return ANONYMOUS;
  const [, token] = /^Bearer\s+(\S+)$/i.exec(authorization) ?? [];
  if (token === undefined) throw new ApiError("Unauthorized", "Unauthorized");
  const known = authority.staticTokens.get(token);
  if (known !== undefined)
    return { ...known, groups: [...new Set([...known.groups, "system:authenticated"])] };
  const verified = verifyToken(authority, token);
  if (verified?.audiences.includes(authority.issuer.audience)) return verified.user;
  throw new ApiError("Unauthorized", "Unauthorized");
}

/** A ServiceAccount's token whose account, and pod where it names one, still exist. */
export function verifyToken(authority: Authority, token: string): VerifiedToken | undefined {
  const verified = tryVerify(authority, token);
  if (verified === undefined) return undefined;
  const { namespace, name, uid, pod } = verified.subject;
  const { store } = authority;
  if (store.get({ table: "serviceaccounts", namespace, name })?.metadata.uid !== uid)
    return undefined;
  if (pod === undefined) return verified;
  return store.get({ table: "pods", namespace, name: pod.name })?.metadata.uid === pod.uid
    ? verified
    : undefined;
}

function tryVerify({ issuer, wall }: Authority, token: string): VerifiedToken | undefined {
  try {
    return issuer.verify(token, wall());
  } catch {
    // Whatever is no token of ours: no JSON, no base64, a signature of another length.
    return undefined;
  }
}
