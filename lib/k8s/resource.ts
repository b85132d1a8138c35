/** The resources that the mesh reads and writes, and their paths in the API. */

import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from "./types/admission.ts";
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from "./types/apps.ts";
import type { TokenReview } from "./types/authentication.ts";
import type { Job } from "./types/batch.ts";
import type { Lease } from "./types/coordination.ts";
import type {
  ConfigMap,
  Namespace,
  Node,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from "./types/core.ts";
import type { CustomObject } from "./types/custom.ts";
import type { EndpointSlice } from "./types/discovery.ts";
import type { KubeEvent } from "./types/event.ts";
import type { KubeObject } from "./types/meta.ts";

/** One kind as the API serves it; `group` is empty for the core group. */
export type Resource<T extends KubeObject = KubeObject> = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: it ties the resource to the type of its objects. */
  readonly phantom?: T;
};

/** Which object, and in which namespace where the resource has one. */
export type ObjectName = { readonly name: string; readonly namespace?: string | undefined };

type Place = { readonly group: string; readonly plural: string; readonly namespaced?: boolean };

const resource = <T extends KubeObject>(
  kind: string,
  { group, plural, namespaced = true }: Place,
): Resource<T> => ({ group, version: "v1", plural, kind, namespaced });

const core = <T extends KubeObject>(kind: string): Resource<T> =>
  resource(kind, { group: "", plural: `${kind.toLowerCase()}s` });

export const PODS: Resource<Pod> = core("Pod");
export const SERVICES: Resource<Service> = core("Service");
export const SECRETS: Resource<Secret> = core("Secret");
export const CONFIG_MAPS: Resource<ConfigMap> = core("ConfigMap");
export const SERVICE_ACCOUNTS: Resource<ServiceAccount> = core("ServiceAccount");
export const EVENTS: Resource<KubeEvent> = core("Event");
export const NAMESPACES: Resource<Namespace> = { ...core("Namespace"), namespaced: false };
export const NODES: Resource<Node> = { ...core("Node"), namespaced: false };
/** The label by which an EndpointSlice names its Service. */
export const SERVICE_NAME = "kubernetes.io/service-name";
export const ENDPOINT_SLICES: Resource<EndpointSlice> = resource("EndpointSlice", {
  group: "discovery.k8s.io",
  plural: "endpointslices",
});

const apps = { group: "apps" };
export const DEPLOYMENTS: Resource<Deployment> = resource("Deployment", {
  ...apps,
  plural: "deployments",
});
export const REPLICA_SETS: Resource<ReplicaSet> = resource("ReplicaSet", {
  ...apps,
  plural: "replicasets",
});
export const DAEMON_SETS: Resource<DaemonSet> = resource("DaemonSet", {
  ...apps,
  plural: "daemonsets",
});
export const STATEFUL_SETS: Resource<StatefulSet> = resource("StatefulSet", {
  ...apps,
  plural: "statefulsets",
});
export const CRON_JOBS: Resource<KubeObject> = resource("CronJob", {
  group: "batch",
  plural: "cronjobs",
});
export const REPLICATION_CONTROLLERS: Resource<KubeObject> = core("ReplicationController");
export const JOBS: Resource<Job> = resource("Job", { group: "batch", plural: "jobs" });

export const LEASES: Resource<Lease> = resource("Lease", {
  group: "coordination.k8s.io",
  plural: "leases",
});
export const TOKEN_REVIEWS: Resource<TokenReview> = resource("TokenReview", {
  group: "authentication.k8s.io",
  plural: "tokenreviews",
  namespaced: false,
});
export const MUTATING_WEBHOOK_CONFIGURATIONS: Resource<MutatingWebhookConfiguration> = resource(
  "MutatingWebhookConfiguration",
  {
    group: "admissionregistration.k8s.io",
    plural: "mutatingwebhookconfigurations",
    namespaced: false,
  },
);

export const VALIDATING_WEBHOOK_CONFIGURATIONS: Resource<ValidatingWebhookConfiguration> = resource(
  "ValidatingWebhookConfiguration",
  {
    group: "admissionregistration.k8s.io",
    plural: "validatingwebhookconfigurations",
    namespaced: false,
  },
);

const custom = (
  kind: string,
  place: Place & { readonly version: string },
): Resource<CustomObject> => ({ ...resource(kind, place), version: place.version });

const policy = (kind: string, plural: string, version = "v1alpha1"): Resource<CustomObject> =>
  custom(kind, { group: "policy.linkerd.io", plural, version });

export const SERVERS: Resource<CustomObject> = policy("Server", "servers", "v1beta3");
export const SERVER_AUTHORIZATIONS: Resource<CustomObject> = policy(
  "ServerAuthorization",
  "serverauthorizations",
  "v1beta1",
);
export const AUTHORIZATION_POLICIES: Resource<CustomObject> = policy(
  "AuthorizationPolicy",
  "authorizationpolicies",
);
export const MESH_TLS_AUTHENTICATIONS: Resource<CustomObject> = policy(
  "MeshTLSAuthentication",
  "meshtlsauthentications",
);
export const NETWORK_AUTHENTICATIONS: Resource<CustomObject> = policy(
  "NetworkAuthentication",
  "networkauthentications",
);
export const RATE_LIMITS: Resource<CustomObject> = policy(
  "HTTPLocalRateLimitPolicy",
  "httplocalratelimitpolicies",
);
export const EGRESS_NETWORKS: Resource<CustomObject> = policy("EgressNetwork", "egressnetworks");
export const LINKERD_HTTP_ROUTES: Resource<CustomObject> = policy(
  "HTTPRoute",
  "httproutes",
  "v1beta3",
);

export const EXTERNAL_WORKLOADS: Resource<CustomObject> = custom("ExternalWorkload", {
  group: "workload.linkerd.io",
  plural: "externalworkloads",
  version: "v1beta1",
});
export const SERVICE_PROFILES: Resource<CustomObject> = custom("ServiceProfile", {
  group: "linkerd.io",
  plural: "serviceprofiles",
  version: "v1alpha2",
});

const gateway = { group: "gateway.networking.k8s.io", version: "v1" };
export const HTTP_ROUTES: Resource<CustomObject> = custom("HTTPRoute", {
  ...gateway,
  plural: "httproutes",
});
export const GRPC_ROUTES: Resource<CustomObject> = custom("GRPCRoute", {
  ...gateway,
  plural: "grpcroutes",
});
export const TLS_ROUTES: Resource<CustomObject> = custom("TLSRoute", {
  ...gateway,
  plural: "tlsroutes",
});
export const TCP_ROUTES: Resource<CustomObject> = custom("TCPRoute", {
  ...gateway,
  plural: "tcproutes",
  version: "v1alpha2",
});

/** `/api/v1/namespaces/NS/pods/NAME`: without a name the collection, without a namespace all. */
export function resourcePath(
  { group, version, plural, namespaced }: Resource,
  {
    name,
    namespace,
    subresource,
  }: Partial<ObjectName> & { readonly subresource?: string | undefined },
): string {
  const parts = group === "" ? ["api", version] : ["apis", group, version];
  if (namespaced && namespace !== undefined) parts.push("namespaces", namespace);
  parts.push(plural);
  if (name !== undefined) parts.push(name);
  if (subresource !== undefined) parts.push(subresource);
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/** The `apiVersion` of its objects: `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}
