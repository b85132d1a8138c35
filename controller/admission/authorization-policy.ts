/** AuthorizationPolicy: what it may be about, and what it may require (ADM3). */

import { list, object, type Shape } from "#lib/k8s/shape.ts";
import { isOf, type Reference } from "../core/reference.ts";
import { GATEWAY_GROUP, POLICY_GROUP } from "../core/route.ts";
import { isReference } from "./references.ts";

/** Its spec. */
export interface AuthorizationPolicySpec {
  readonly targetRef: Reference;
  readonly requiredAuthenticationRefs: readonly Reference[];
}

/** Whether a spec can be read. */
export const isAuthorizationPolicySpec: Shape = object({
  targetRef: isReference,
  requiredAuthenticationRefs: list(isReference),
});

const isTarget = (target: Reference): boolean =>
  isOf(target, POLICY_GROUP, "Server", "HTTPRoute") ||
  isOf(target, GATEWAY_GROUP, "HTTPRoute", "GRPCRoute") ||
  isOf(target, "", "Namespace");

const isIdentity = (each: Reference): boolean =>
  isOf(each, POLICY_GROUP, "MeshTLSAuthentication") || isOf(each, "", "ServiceAccount");
const isNetwork = (each: Reference): boolean => isOf(each, POLICY_GROUP, "NetworkAuthentication");

/** ADM3: known kinds, of namespaces only its own, and of those that must all hold at most one about identities and one about networks. */
export function authorizationPolicyProblems(
  spec: AuthorizationPolicySpec,
  namespace: string,
): string[] {
  const { targetRef, requiredAuthenticationRefs: required } = spec;
  const problems: string[] = [];
  if (!isTarget(targetRef))
    problems.push(
      `spec.targetRef: a ${targetRef.kind} cannot be authorized for: Server, HTTPRoute, GRPCRoute or Namespace`,
    );
  if (isOf(targetRef, "", "Namespace") && targetRef.name !== namespace)
    problems.push(
      `spec.targetRef: "${targetRef.name}" is another namespace: a policy is about its own, ${namespace}`,
    );
  const unknown = required.filter((each) => !isIdentity(each) && !isNetwork(each));
  for (const { kind } of unknown)
    problems.push(
      `spec.requiredAuthenticationRefs: ${kind} is not known: MeshTLSAuthentication, NetworkAuthentication or ServiceAccount`,
    );
  if (required.filter(isIdentity).length > 1)
    problems.push(
      "spec.requiredAuthenticationRefs: only one MeshTLSAuthentication or ServiceAccount, as nobody has two identities",
    );
  if (required.filter(isNetwork).length > 1)
    problems.push("spec.requiredAuthenticationRefs: only one NetworkAuthentication");
  return problems;
}
