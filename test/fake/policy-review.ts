/** Reviews of policy objects, and what is said of them, for the tests of admission. */

import type { AdmissionReview } from "#lib/k8s/admission.ts";
import { answerPolicyReview } from "../../controller/admission/review.ts";
import type { NamedServer } from "../../controller/admission/server.ts";

/** Linkerd's group. */
export const POLICY = "policy.linkerd.io";
/** The Gateway API's group. */
export const GATEWAY = "gateway.networking.k8s.io";
/** A cluster as reviews ask for it. */
export type World = { servers(): NamedServer[] };

const NONE: World = { servers: () => [] };

/** A review of an object that is created. */
export function review(
  [group, kind]: readonly [string, string],
  spec: unknown,
  over: Partial<AdmissionReview["request"]> & { readonly name?: string } = {},
): AdmissionReview {
  const { name = "it", ...request } = over;
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "1",
      kind: { group, version: "v1", kind },
      operation: "CREATE",
      namespace: "shop",
      object: { metadata: { name, namespace: "shop" }, spec } as never,
      ...request,
    },
  };
}

/** What a review of the object says: nothing where it is let in without a word. */
export function said(asked: AdmissionReview, context: World = NONE): string {
  const { allowed, status, warnings } = answerPolicyReview(asked, context).response;
  if (!allowed) return status?.message ?? "refused without a word";
  return (warnings ?? []).map((warning) => `warning: ${warning}`).join("; ");
}
