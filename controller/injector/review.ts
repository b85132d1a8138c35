/** The injector's answer to an admission review: a patch, nothing, or a refusal (INJ1 to INJ4). */

import { type AdmissionAnswer, type AdmissionReview, admit, refuse } from "#lib/k8s/admission.ts";
import type { Marks } from "#lib/k8s/annotations.ts";
import { diffJson } from "#lib/k8s/json-patch.ts";
import type { Pod, Service } from "#lib/k8s/types/core.ts";
import { reasonToRefuse } from "./decide.ts";
import { type InjectOptions, inject, withOpaquePorts } from "./inject.ts";
import type { InjectValues } from "./values.ts";

/** What an answer depends on beside the object. */
export type ReviewContext = {
  readonly values: InjectValues;
  readonly anchorsPem: string;
  /** Annotations of the namespace that the object is created in. */
  readonly namespaceAnnotations: Marks;
};

/** Answers for a pod or a Service; everything else is let in as it is. */
export function answerReview(review: AdmissionReview, context: ReviewContext): AdmissionAnswer {
  const { kind, object, namespace = "" } = review.request;
  if (object === undefined || object === null || kind.group !== "") return admit(review);
  if (kind.kind === "Service") {
    const service: Service = object;
    return admit(review, { patch: diffJson(service, withOpaquePorts(service, context)) });
  }
  return kind.kind === "Pod"
    ? answerPod(review, { pod: object, namespace, context })
    : admit(review);
}

function answerPod(
  review: AdmissionReview,
  of: { readonly pod: Pod; readonly namespace: string; readonly context: ReviewContext },
): AdmissionAnswer {
  const { pod, namespace, context } = of;
  const { values, anchorsPem, namespaceAnnotations } = context;
  const options: InjectOptions = {
    values,
    namespace,
    namespaceAnnotations,
    anchors: { pem: anchorsPem },
    createdBy: "linkerd/proxy-injector",
  };
  const result = inject(pod, options);
  if (result.type === "skipped") return admit(review, { patch: diffJson(pod, result.pod) });
  const how = { proxyUid: values.proxy.uid, namespace: namespaceAnnotations };
  const reason = reasonToRefuse(pod, how);
  if (reason !== undefined) return refuse(review, reason);
  return admit(review, { patch: diffJson(pod, result.pod), warnings: result.warnings });
}
