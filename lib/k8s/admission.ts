/** Admission reviews (admission.k8s.io/v1): the question of the API server, and the answer. */

import type { PatchOperation } from "./json-patch.ts";
import type { KubeObject } from "./types/meta.ts";

/** The version whose reviews are worked on. */
export const ADMISSION_VERSION = "admission.k8s.io/v1";
/** An older one of the same shape: it is answered, and by who asks for this version only nothing is changed. */
const OLDER_VERSION = "admission.k8s.io/v1beta1";
/** How deep a review may be: no object of the API comes near. */
const DEPTH_LIMIT = 200;

/** What the API server asks. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly operation: string;
  /** Such as `ephemeralcontainers`; absent for the object itself. */
  readonly subResource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly dryRun?: boolean;
  readonly object?: KubeObject | null;
  readonly oldObject?: KubeObject | null;
}

/** The review that comes in. */
export interface AdmissionReview {
  readonly apiVersion: typeof ADMISSION_VERSION | typeof OLDER_VERSION;
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
  readonly apiVersion: AdmissionReview["apiVersion"];
  readonly kind: "AdmissionReview";
  readonly response: AdmissionResponse;
}

/** A body that is no review of this version. */
export class AdmissionError extends Error {
  override readonly name = "AdmissionError";
}

/** Reads a body. Throws AdmissionError where it is no AdmissionReview with a request. */
export function parseAdmissionReview(body: string): AdmissionReview {
  if (isDeep(body))
    throw new AdmissionError(`Cannot read review: it is deeper than ${DEPTH_LIMIT}`);
  let review: unknown;
  try {
    review = JSON.parse(body);
  } catch (cause) {
    throw new AdmissionError("Cannot read review: it is no JSON", { cause });
  }
  const { kind, apiVersion, request } = (review ?? {}) as Partial<AdmissionReview>;
  if (
    kind !== "AdmissionReview" ||
    (apiVersion !== ADMISSION_VERSION && apiVersion !== OLDER_VERSION)
  )
    throw new AdmissionError(`Cannot read review: it is no ${ADMISSION_VERSION} AdmissionReview`);
  if (
    typeof request?.uid !== "string" ||
    request.uid === "" ||
    typeof request.kind?.kind !== "string"
  )
    throw new AdmissionError("Cannot read review: it has no request with uid and kind");
  const { object = null } = request;
  if (typeof object !== "object" || Array.isArray(object))
    throw new AdmissionError("Cannot read review: its object is none");
  return { apiVersion, kind, request };
}

/** Whether brackets outside of texts are nested beyond the limit; said before anything recurses into them. No expression: engines give up on long texts, or go back over them. */
function isDeep(body: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < body.length; at++) {
    const char = body[at];
    if (char === '"') isText = !isText;
    else if (isText) at += Number(char === "\\");
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    if (depth > DEPTH_LIMIT) return true;
  }
  return false;
}

/** Lets the object in, changed by the patch where there is one. */
export function admit(
  review: AdmissionReview,
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
  return answer(review, { allowed: true, ...changed, ...told });
}

/** Keeps the object out; the message is what the user sees. */
export function refuse(review: AdmissionReview, message: string): AdmissionAnswer {
  return answer(review, { allowed: false, status: { code: 422, message } });
}

const answer = (
  { apiVersion, request }: AdmissionReview,
  response: Omit<AdmissionResponse, "uid">,
): AdmissionAnswer => ({
  apiVersion,
  kind: "AdmissionReview",
  response: { uid: request.uid, ...response },
});
