/** Whether an object has the form of a pod or a Service as far as it is read here: of what else is odd the API server tells. */

import {
  isFlag,
  isNumber,
  isText,
  isTextOrNumber,
  list,
  object,
  optional,
  texts,
} from "#lib/k8s/shape.ts";
import type { Pod, Service } from "#lib/k8s/types/core.ts";

const metadata = optional(
  object({
    name: optional(isText),
    annotations: optional(texts),
    labels: optional(texts),
    ownerReferences: optional(
      list(object({ kind: isText, name: isText, controller: optional(isFlag) })),
    ),
  }),
);
const securityContext = optional(object({ runAsUser: optional(isNumber) }));
const probe = optional(object({ httpGet: optional(object({ port: optional(isTextOrNumber) })) }));
const container = object({
  name: isText,
  image: optional(isText),
  ports: optional(
    list(object({ containerPort: isNumber, name: optional(isText), protocol: optional(isText) })),
  ),
  readinessProbe: probe,
  livenessProbe: probe,
  securityContext,
});

const pod = object({
  metadata,
  spec: object({
    containers: (value) => list(container)(value) && (value as unknown[]).length > 0,
    initContainers: optional(list(container)),
    volumes: optional(list(object({ name: isText }))),
    securityContext,
    os: optional(object({ name: optional(isText) })),
    nodeSelector: optional(texts),
    terminationGracePeriodSeconds: optional(isNumber),
  }),
});
const service = object({
  metadata,
  spec: object({
    // What has containers is taken for a pod.
    containers: (value) => value === undefined,
    ports: optional(list(object({ port: isNumber, targetPort: optional(isTextOrNumber) }))),
  }),
});

/** A pod with at least one container. */
export function isPod(value: unknown): value is Pod {
  return pod(value);
}

/** A Service. */
export function isService(value: unknown): value is Service {
  return service(value);
}
