/** The injector's answer to an admission review: a patch, nothing, or a refusal (INJ1 to INJ4). */

import {
  ADMISSION_VERSION,
  type AdmissionAnswer,
  type AdmissionReview,
  admit,
  refuse,
} from "#lib/k8s/admission.ts";
import type { Marks } from "#lib/k8s/annotations.ts";
import { diffJson } from "#lib/k8s/json-patch.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { SkipReason } from "./decide.ts";
import { type Injection, inject } from "./inject.ts";
import { withOpaquePorts } from "./marks.ts";
import type { InjectOptions } from "./options.ts";
import { isPod, isService } from "./shape.ts";
import type { InjectValues } from "./values.ts";

/** What an answer depends on beside the object. */
export type ReviewContext = {
  readonly values: InjectValues;
  readonly anchorsPem: string;
  /** Annotations of the namespace that the object is created in. */
  readonly namespaceAnnotations: Marks;
};

/** An answer; of a pod also what was decided, and of which pod: events and metrics are made of it. */
export type Reviewed = {
  readonly answer: AdmissionAnswer;
  readonly decided?: { readonly pod: Pod; readonly outcome: Outcome };
};

/** What became of a pod. */
export type Outcome =
  | { readonly type: "injected" }
  | { readonly type: "skipped"; readonly reason: SkipReason }
  | { readonly type: "refused"; readonly message: string };

/** Answers for a pod or a Service that is created; everything else is let in as it is. */
export function answerReview(review: AdmissionReview, context: ReviewContext): Reviewed {
  const { kind, operation, subResource = "", object } = review.request;
  const isCreated = operation === "CREATE" && subResource === "" && kind.group === "";
  if (review.apiVersion !== ADMISSION_VERSION || !isCreated) return { answer: admit(review) };
  if (kind.kind === "Service" && isService(object))
    return { answer: admit(review, { patch: diffJson(object, withOpaquePorts(object, context)) }) };
  return kind.kind === "Pod" && isPod(object)
    ? answerPod(review, { pod: object, context })
    : { answer: admit(review) };
}

function answerPod(
  review: AdmissionReview,
  { pod, context }: { readonly pod: Pod; readonly context: ReviewContext },
): Reviewed {
  const options: InjectOptions = {
    values: context.values,
    namespace: review.request.namespace ?? "",
    namespaceAnnotations: context.namespaceAnnotations,
    anchors: { pem: context.anchorsPem },
    createdBy: "linkerd/proxy-injector",
  };
  const result = inject(pod, options);
  return { answer: answerOf(review, { pod, result }), decided: { pod, outcome: result } };
}

function answerOf(
  review: AdmissionReview,
  { pod, result }: { readonly pod: Pod; readonly result: Injection },
): AdmissionAnswer {
  if (result.type === "refused") return refuse(review, result.message);
  const warnings = result.type === "injected" ? result.warnings : [];
  return admit(review, { patch: diffJson(pod, result.pod), warnings });
}
