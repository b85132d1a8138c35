/** The answer to a review of a policy object: which rules hold for which kind (ADM1 to ADM13). */

import {
  ADMISSION_VERSION,
  type AdmissionAnswer,
  type AdmissionReview,
  admit,
  refuse,
} from "#lib/k8s/admission.ts";
import type { Marks } from "#lib/k8s/annotations.ts";
import { isObject, type Shape, texts } from "#lib/k8s/shape.ts";
import { GATEWAY_GROUP, POLICY_GROUP } from "../core/route.ts";
import {
  isMeshTlsSpec,
  isServerAuthorizationSpec,
  type MeshTlsSpec,
  meshTlsProblems,
  type ServerAuthorizationSpec,
  serverAuthorizationProblems,
} from "./authentications.ts";
import {
  type AuthorizationPolicySpec,
  authorizationPolicyProblems,
  isAuthorizationPolicySpec,
} from "./authorization-policy.ts";
import {
  type EgressNetworkSpec,
  egressNetworkProblems,
  isEgressNetworkSpec,
  isNetworkSpec,
  type NetworkSpec,
  networkAuthenticationProblems,
} from "./networks.ts";
import { isRateLimitSpec, type RateLimitSpec, rateLimitProblems } from "./rate-limit.ts";
import { isRouteKind, reviewRoute } from "./routes.ts";
import { isServerSpec, type NamedServer, type ServerSpec, serverProblems } from "./server.ts";
import {
  isServiceProfileSpec,
  type ServiceProfileSpec,
  serviceProfileProblems,
} from "./service-profile.ts";

/** What an answer depends on beside the object. */
export interface ReviewContext {
  /** The Servers of a namespace, as they are stored now. */
  servers(namespace: string): readonly NamedServer[];
}

/** The object under review. */
interface Subject {
  readonly name: string;
  readonly namespace: string;
  readonly annotations: Marks;
  readonly spec: unknown;
}

interface Rules {
  readonly isSpec: Shape;
  readonly problems: (subject: Subject, context: ReviewContext) => readonly string[];
}

const RULES: Readonly<Record<string, Rules>> = {
  [`${POLICY_GROUP}/Server`]: {
    isSpec: isServerSpec,
    problems: ({ name, namespace, spec }, { servers }) =>
      serverProblems({ name, spec: spec as ServerSpec }, servers(namespace)),
  },
  [`${POLICY_GROUP}/ServerAuthorization`]: {
    isSpec: isServerAuthorizationSpec,
    problems: ({ spec }) => serverAuthorizationProblems(spec as ServerAuthorizationSpec),
  },
  [`${POLICY_GROUP}/AuthorizationPolicy`]: {
    isSpec: isAuthorizationPolicySpec,
    problems: ({ namespace, spec }) =>
      authorizationPolicyProblems(spec as AuthorizationPolicySpec, namespace),
  },
  [`${POLICY_GROUP}/MeshTLSAuthentication`]: {
    isSpec: isMeshTlsSpec,
    problems: ({ spec }) => meshTlsProblems(spec as MeshTlsSpec),
  },
  [`${POLICY_GROUP}/NetworkAuthentication`]: {
    isSpec: isNetworkSpec,
    problems: ({ spec }) => networkAuthenticationProblems(spec as NetworkSpec),
  },
  [`${POLICY_GROUP}/EgressNetwork`]: {
    isSpec: isEgressNetworkSpec,
    problems: ({ spec }) => egressNetworkProblems(spec as EgressNetworkSpec),
  },
  [`${POLICY_GROUP}/HTTPLocalRateLimitPolicy`]: {
    isSpec: isRateLimitSpec,
    problems: ({ spec }) => rateLimitProblems(spec as RateLimitSpec),
  },
  "linkerd.io/ServiceProfile": {
    isSpec: isServiceProfileSpec,
    problems: ({ name, spec }) => serviceProfileProblems(name, spec as ServiceProfileSpec),
  },
};

/** Answers for a policy object that is created or updated; everything else is let in as it is. */
export function answerPolicyReview(
  review: AdmissionReview,
  context: ReviewContext,
): AdmissionAnswer {
  const { kind, operation, subResource = "", object, name = "", namespace = "" } = review.request;
  const stores = (operation === "CREATE" || operation === "UPDATE") && subResource === "";
  if (review.apiVersion !== ADMISSION_VERSION || !stores || !isObject(object)) return admit(review);
  const subject: Subject = {
    name: object.metadata?.name ?? name,
    namespace,
    annotations: texts(object.metadata?.annotations) ? object.metadata?.annotations : undefined,
    spec: (object as { readonly spec?: unknown }).spec,
  };
  if (isRouteKind(kind.kind)) return answerRoute(review, subject);
  const rules = RULES[`${kind.group}/${kind.kind}`];
  if (rules === undefined) return admit(review);
  if (!rules.isSpec(subject.spec)) return refuse(review, unreadable(kind.kind));
  return settle(review, rules.problems(subject, context));
}

/** Routes of the Gateway API are also other implementations': what cannot be read, and what is not ours, passes (ADM11). */
function answerRoute(review: AdmissionReview, { spec, annotations }: Subject): AdmissionAnswer {
  const { group, kind } = review.request.kind;
  const foreign = group === GATEWAY_GROUP;
  if (!foreign && group !== POLICY_GROUP) return admit(review);
  const route = reviewRoute({ group, kind, spec, annotations });
  if (route === undefined || route.isMistyped)
    return foreign ? admit(review) : refuse(review, unreadable(kind));
  if (foreign && !route.isOurs) return admit(review);
  const { refusals, unknownFilters } = route;
  return settle(review, foreign ? refusals : [...refusals, ...unknownFilters], unknownFilters);
}

/** Problems, or warnings, that are told of an object. */
const TOLD_LIMIT = 10;
/** Characters of one of them. */
const TEXT_LIMIT = 400;

const unreadable = (kind: string): string =>
  `spec: it is not what the definition of ${kind} says, so nothing can be held to it`;

function settle(
  review: AdmissionReview,
  problems: readonly string[],
  warnings: readonly string[] = [],
): AdmissionAnswer {
  return problems.length === 0
    ? admit(review, { warnings: told(warnings) })
    : refuse(review, told(problems).join("; "));
}

/** As many as somebody reads: each may quote what it is about, and an object may have a hundred thousand of them. */
function told(all: readonly string[]): readonly string[] {
  const first = all.slice(0, TOLD_LIMIT).map(shortened);
  return all.length > TOLD_LIMIT ? [...first, `and ${all.length - TOLD_LIMIT} more`] : first;
}

/** Where it begins and ends says more than what it quotes in between. */
function shortened(text: string): string {
  const half = TEXT_LIMIT / 2;
  return text.length > TEXT_LIMIT ? `${text.slice(0, half)}…${text.slice(-half)}` : text;
}
