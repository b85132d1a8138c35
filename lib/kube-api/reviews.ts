/** Answers reviews: is this token good, may this user do that, who am I. */

import { ApiError } from "./api-error.ts";
import { type Authority, authenticate, verifyToken } from "./authenticate.ts";
import type { ApiResource } from "./kinds.ts";
import {
  type ApiObject,
  at,
  type Fields,
  fieldsOf,
  isFields,
  stringsOf,
  textAt,
} from "./object.ts";
import { type Attributes, isAllowed, rulesOf } from "./rbac.ts";
import type { User } from "./user.ts";

/** The review with its status. */
export function answerReview(
  authority: Authority,
  asked: {
    readonly resource: ApiResource;
    readonly object: ApiObject;
    readonly user: User;
    readonly namespace: string;
  },
): ApiObject {
  const { resource, object, user } = asked;
  const spec = object["spec"];
  const status = (): Fields => {
    switch (resource.kind) {
      case "TokenReview":
        return reviewToken(authority, spec);
      case "SelfSubjectReview":
        return { userInfo: userInfo(user) };
      case "SelfSubjectRulesReview":
        return {
          resourceRules: rulesOf(authority.store, user, textAt(spec, "namespace") ?? "").filter(
            (rule) => rule["resources"] !== undefined,
          ),
          nonResourceRules: [],
          incomplete: false,
        };
      case "SelfSubjectAccessReview":
        return decide(authority, user, spec);
      default:
        return decide(authority, subjectOf(spec), spec);
    }
  };
  return { ...object, metadata: { ...object.metadata, creationTimestamp: null }, status: status() };
}

function reviewToken(authority: Authority, spec: unknown): Fields {
  const token = textAt(spec, "token") ?? "";
  const wanted = stringsOf(at(spec, "audiences"));
  const audiences = wanted.length > 0 ? wanted : [authority.issuer.audience];
  const known = authority.staticTokens.get(token);
  if (known !== undefined)
    return {
      authenticated: true,
      user: userInfo(authenticate(authority, `Bearer ${token}`)),
      audiences,
    };
  const verified = verifyToken(authority, token);
  if (verified === undefined)
    return {
      authenticated: false,
      user: {},
      error: "[invalid bearer token, service account token is not valid]",
    };
  const shared = audiences.filter((audience) => verified.audiences.includes(audience));
  if (shared.length > 0)
    return { authenticated: true, user: userInfo(verified.user), audiences: shared };
  const error = `[invalid bearer token, token audiences ${JSON.stringify(verified.audiences)} is invalid for the target audiences ${JSON.stringify(audiences)}]`;
  return { authenticated: false, user: {}, error };
}

function decide(authority: Authority, user: User, spec: unknown): Fields {
  const allowed = isAllowed(authority.store, user, attributesOf(spec));
  return allowed ? { allowed, reason: "RBAC: allowed" } : { allowed, reason: "" };
}

function attributesOf(spec: unknown): Attributes {
  const path = at(spec, "nonResourceAttributes");
  if (isFields(path)) return { verb: textAt(path, "verb") ?? "", path: textAt(path, "path") ?? "" };
  const wanted = at(spec, "resourceAttributes");
  if (!isFields(wanted))
    throw new ApiError(
      "Invalid",
      "spec: exactly one of nonResourceAttributes or resourceAttributes must be specified",
    );
  const text = (name: string): string => textAt(wanted, name) ?? "";
  return {
    verb: text("verb"),
    group: text("group"),
    resource: text("resource"),
    subresource: text("subresource"),
    namespace: text("namespace"),
    name: text("name"),
  };
}

function subjectOf(spec: unknown): User {
  const extra = Object.entries(fieldsOf(at(spec, "extra"))).map(
    ([name, values]) => [name, stringsOf(values)] as const,
  );
  return {
    username: textAt(spec, "user") ?? "",
    groups: stringsOf(at(spec, "groups")),
    extra: Object.fromEntries(extra),
  };
}

function userInfo(user: User): Fields {
  return {
    username: user.username,
    ...(user.uid && { uid: user.uid }),
    groups: [...user.groups],
    ...(user.extra && { extra: user.extra }),
  };
}
