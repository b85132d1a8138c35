/** The kinds that are served from the start, by group and version. */

import type { ApiObject } from "./object.ts";

/** A kind as it is served. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Of `status`, `scale`, `log`, …; what stands after the name in a path. */
  readonly subresources: readonly string[];
  /** Nothing is kept: the answer is made from the request (reviews). */
  readonly ephemeral: boolean;
}

type Row = readonly [kind: string, plural: string, shortNames: string, subresources: string];

const NAMESPACED: Readonly<Record<string, readonly Row[]>> = {
  v1: [
    ["Pod", "pods", "po", "status log exec attach portforward proxy eviction"],
    ["Service", "services", "svc", "status"],
    ["Endpoints", "endpoints", "ep", ""],
    ["ConfigMap", "configmaps", "cm", ""],
    ["Secret", "secrets", "", ""],
    ["ServiceAccount", "serviceaccounts", "sa", "token"],
    ["Event", "events", "ev", ""],
    ["ReplicationController", "replicationcontrollers", "rc", "status scale"],
    ["PersistentVolumeClaim", "persistentvolumeclaims", "pvc", "status"],
    ["LimitRange", "limitranges", "limits", ""],
    ["ResourceQuota", "resourcequotas", "quota", "status"],
  ],
  "apps/v1": [
    ["Deployment", "deployments", "deploy", "status scale"],
    ["ReplicaSet", "replicasets", "rs", "status scale"],
    ["DaemonSet", "daemonsets", "ds", "status"],
    ["StatefulSet", "statefulsets", "sts", "status scale"],
    ["ControllerRevision", "controllerrevisions", "", ""],
  ],
  "batch/v1": [
    ["Job", "jobs", "", "status"],
    ["CronJob", "cronjobs", "cj", "status"],
  ],
  "discovery.k8s.io/v1": [["EndpointSlice", "endpointslices", "", ""]],
  "events.k8s.io/v1": [["Event", "events", "ev", ""]],
  "coordination.k8s.io/v1": [["Lease", "leases", "", ""]],
  "rbac.authorization.k8s.io/v1": [
    ["Role", "roles", "", ""],
    ["RoleBinding", "rolebindings", "", ""],
  ],
  "policy/v1": [["PodDisruptionBudget", "poddisruptionbudgets", "pdb", "status"]],
  "networking.k8s.io/v1": [
    ["NetworkPolicy", "networkpolicies", "netpol", ""],
    ["Ingress", "ingresses", "ing", "status"],
  ],
  "autoscaling/v1": [["HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", "status"]],
  "authorization.k8s.io/v1": [["LocalSubjectAccessReview", "localsubjectaccessreviews", "", ""]],
};

const CLUSTER_WIDE: Readonly<Record<string, readonly Row[]>> = {
  v1: [
    ["Namespace", "namespaces", "ns", "status finalize"],
    ["Node", "nodes", "no", "status"],
    ["PersistentVolume", "persistentvolumes", "pv", "status"],
  ],
  "rbac.authorization.k8s.io/v1": [
    ["ClusterRole", "clusterroles", "", ""],
    ["ClusterRoleBinding", "clusterrolebindings", "", ""],
  ],
  "admissionregistration.k8s.io/v1": [
    ["MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "", ""],
    ["ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "", ""],
  ],
  "apiextensions.k8s.io/v1": [
    ["CustomResourceDefinition", "customresourcedefinitions", "crd crds", "status"],
  ],
  "apiregistration.k8s.io/v1": [["APIService", "apiservices", "", "status"]],
  "scheduling.k8s.io/v1": [["PriorityClass", "priorityclasses", "pc", ""]],
  "networking.k8s.io/v1": [["IngressClass", "ingressclasses", "", ""]],
  "storage.k8s.io/v1": [
    ["StorageClass", "storageclasses", "sc", ""],
    ["CSINode", "csinodes", "", ""],
  ],
  "authentication.k8s.io/v1": [
    ["TokenReview", "tokenreviews", "", ""],
    ["SelfSubjectReview", "selfsubjectreviews", "", ""],
  ],
  "authorization.k8s.io/v1": [
    ["SubjectAccessReview", "subjectaccessreviews", "", ""],
    ["SelfSubjectAccessReview", "selfsubjectaccessreviews", "", ""],
    ["SelfSubjectRulesReview", "selfsubjectrulesreviews", "", ""],
  ],
};

const ALL = new Set([
  ...["pods", "services", "replicationcontrollers"],
  ...["deployments", "replicasets", "daemonsets", "statefulsets", "jobs", "cronjobs"],
]);

/** Built-in kinds, in the order of discovery. */
export const BUILT_IN: readonly ApiResource[] = [
  ...rows(NAMESPACED, (row) => ({ ...row, namespaced: true })),
  ...rows(CLUSTER_WIDE, (row) => ({ ...row, namespaced: false })),
];

/** `apps/v1`, or `v1` for the core group. */
export function groupVersion(resource: {
  readonly group: string;
  readonly version: string;
}): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

function rows(
  table: Readonly<Record<string, readonly Row[]>>,
  place: (row: Omit<ApiResource, "namespaced">) => ApiResource,
): ApiResource[] {
  return Object.entries(table).flatMap(([gv, kinds]) => {
    const [version = "", group = ""] = gv.split("/").toReversed();
    return kinds.map(([kind, plural, shortNames, subresources]) =>
      place({
        group,
        version,
        plural,
        singular: kind.toLowerCase(),
        kind,
        shortNames: shortNames.split(" ").filter((name) => name !== ""),
        categories: ALL.has(plural) ? ["all"] : [],
        subresources: subresources.split(" ").filter((name) => name !== ""),
        ephemeral: plural.endsWith("reviews"),
      }),
    );
  });
}

/** An object as a version of its kind shows it. */
export function present(resource: ApiResource, object: ApiObject): ApiObject {
  const apiVersion = groupVersion(resource);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}
