/** Admission reviews (admission.k8s.io/v1): the question of the API server, and the answer. */

import type { PatchOperation } from "./json-patch.ts";
import type { KubeObject } from "./types/meta.ts";

/** What the API server asks. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly operation: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly dryRun?: boolean;
  readonly object?: KubeObject | null;
  readonly oldObject?: KubeObject | null;
}

/** The review that comes in. */
export interface AdmissionReview {
  readonly apiVersion: "admission.k8s.io/v1";
  readonly kind: "AdmissionReview";
  readonly request: AdmissionRequest;
}

/** The answer; `patch` is base64 of a JSON patch. */
export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code: number; readonly message: string };
  readonly patchType?: "JSONPatch";
  readonly patch?: string;
  /** Shown to the user by kubectl; at most 120 characters each are sure to be. */
  readonly warnings?: readonly string[];
}

/** The review that goes out. */
export interface AdmissionAnswer {
  readonly apiVersion: "admission.k8s.io/v1";
  readonly kind: "AdmissionReview";
  readonly response: AdmissionResponse;
}

/** A body that is no review of this version. */
export class AdmissionError extends Error {
  override readonly name = "AdmissionError";
}

/** Reads a body. Throws AdmissionError where it is no AdmissionReview with a request. */
export function parseAdmissionReview(body: string): AdmissionReview {
  let review: Partial<AdmissionReview> | null;
  try {
    review = JSON.parse(body) as Partial<AdmissionReview> | null;
  } catch (cause) {
    throw new AdmissionError("Cannot read review: it is no JSON", { cause });
  }
  if (review?.kind !== "AdmissionReview" || review.apiVersion !== "admission.k8s.io/v1")
    throw new AdmissionError("Cannot read review: it is no admission.k8s.io/v1 AdmissionReview");
  const request = review.request;
  if (typeof request?.uid !== "string" || typeof request.kind?.kind !== "string")
    throw new AdmissionError("Cannot read review: it has no request with uid and kind");
  return { apiVersion: review.apiVersion, kind: review.kind, request };
}

/** Lets the object in, changed by the patch where there is one. */
export function admit(
  { request }: AdmissionReview,
  {
    patch = [],
    warnings = [],
  }: { readonly patch?: readonly PatchOperation[]; readonly warnings?: readonly string[] } = {},
): AdmissionAnswer {
  const changed = patch.length > 0 && {
    patchType: "JSONPatch" as const,
    patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
  };
  const told = warnings.length > 0 && { warnings };
  return answer({ uid: request.uid, allowed: true, ...changed, ...told });
}

/** Keeps the object out; the message is what the user sees. */
export function refuse({ request }: AdmissionReview, message: string): AdmissionAnswer {
  return answer({ uid: request.uid, allowed: false, status: { code: 422, message } });
}

const answer = (response: AdmissionResponse): AdmissionAnswer => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  response,
});
