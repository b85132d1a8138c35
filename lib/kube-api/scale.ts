/** The sub-resource `scale` of workloads. */

import { type ApiObject, at, fieldsOf, numberAt } from "./object.ts";

/** The Scale of a workload. */
export function scaleOf(object: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const labels = Object.entries(fieldsOf(at(object, "spec", "selector", "matchLabels")));
  return {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: {
      ...(name && { name }),
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
      ...(creationTimestamp && { creationTimestamp }),
    },
    spec: { replicas: numberAt(object, "spec", "replicas") ?? 0 },
    status: {
      replicas: numberAt(object, "status", "replicas") ?? 0,
      selector: labels.map(([name, value]) => `${name}=${value}`).join(","),
    },
  };
}

/** The workload with the replicas of a Scale. */
export function withScale(object: ApiObject, scale: unknown): ApiObject {
  const replicas = numberAt(scale, "spec", "replicas") ?? 0;
  const version = at(scale, "metadata", "resourceVersion");
  const metadata = {
    ...object.metadata,
    ...(typeof version === "string" && version !== "" && { resourceVersion: version }),
  };
  return { ...object, metadata, spec: { ...fieldsOf(object["spec"]), replicas } };
}
