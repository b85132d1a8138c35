/** Reviews as the API server sends them to webhooks. */

import {
  ADMISSION_VERSION,
  type AdmissionRequest,
  type AdmissionReview,
} from "#lib/k8s/admission.ts";

/** A kind of the core group. */
export const coreKind = (kind: string): AdmissionRequest["kind"] => ({
  group: "",
  version: "v1",
  kind,
});

/** A pod that is created in `shop`, unless the request says something else. */
export const fakeReview = (request: Partial<AdmissionRequest>): AdmissionReview => ({
  apiVersion: ADMISSION_VERSION,
  kind: "AdmissionReview",
  request: {
    uid: "1",
    kind: coreKind("Pod"),
    operation: "CREATE",
    namespace: "shop",
    ...request,
  },
});
