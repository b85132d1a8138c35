/** What a cluster holds from its first second: namespaces, roles, the Service `kubernetes`. */

import type { ApiObject, Fields } from "./object.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const READ = ["get", "list", "watch"];
const WRITE = [...READ, "create", "update", "patch", "delete", "deletecollection"];
const ANY = { apiGroups: ["*"], resources: ["*"] };
const WORKLOADS = [
  "",
  "apps",
  "batch",
  "policy",
  "networking.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "autoscaling",
];

const ROLES: Readonly<Record<string, readonly Fields[]>> = {
  "cluster-admin": [
    { ...ANY, verbs: ["*"] },
    { nonResourceURLs: ["*"], verbs: ["*"] },
  ],
  admin: [
    { apiGroups: [...WORKLOADS, "rbac.authorization.k8s.io"], resources: ["*"], verbs: WRITE },
  ],
  edit: [{ apiGroups: WORKLOADS, resources: ["*"], verbs: WRITE }],
  view: [
    {
      apiGroups: WORKLOADS,
      resources: [
        "configmaps",
        "endpoints",
        "pods",
        "pods/log",
        "services",
        "serviceaccounts",
        "deployments",
        "replicasets",
        "daemonsets",
        "statefulsets",
        "jobs",
        "cronjobs",
        "events",
        "endpointslices",
        "namespaces",
      ],
      verbs: READ,
    },
  ],
  "system:auth-delegator": [
    { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
    { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
  ],
  "system:basic-user": [
    {
      apiGroups: ["authorization.k8s.io"],
      resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
      verbs: ["create"],
    },
    { apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"], verbs: ["create"] },
  ],
  "system:discovery": [
    {
      nonResourceURLs: [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/openapi",
        "/openapi/*",
        "/version",
        "/version/",
        "/healthz",
        "/livez",
        "/readyz",
      ],
      verbs: ["get"],
    },
  ],
  "system:public-info-viewer": [
    { nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"], verbs: ["get"] },
  ],
};

const BINDINGS: readonly (readonly [role: string, group: string])[] = [
  ["cluster-admin", "system:masters"],
  ["system:basic-user", "system:authenticated"],
  ["system:discovery", "system:authenticated"],
  ["system:public-info-viewer", "system:authenticated"],
  ["system:public-info-viewer", "system:unauthenticated"],
];

/** Objects to create, in order. */
export function bootstrapObjects(how: { readonly serviceIp: string }): ApiObject[] {
  const roles = Object.entries(ROLES).map(([name, rules]) => ({
    apiVersion: RBAC,
    kind: "ClusterRole",
    metadata: { name, labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } },
    rules: [...rules],
  }));
  const bindings = BINDINGS.map(([role, group]) => ({
    apiVersion: RBAC,
    kind: "ClusterRoleBinding",
    metadata: { name: group === "system:unauthenticated" ? `${role}:anonymous` : role },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: group }],
  }));
  const reader = {
    apiVersion: RBAC,
    kind: "Role",
    metadata: { name: "extension-apiserver-authentication-reader", namespace: "kube-system" },
    rules: [
      {
        apiGroups: [""],
        resources: ["configmaps"],
        resourceNames: ["extension-apiserver-authentication"],
        verbs: READ,
      },
    ],
  };
  return [
    ...["default", "kube-system", "kube-public", "kube-node-lease"].map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    })),
    ...roles,
    ...bindings,
    reader,
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "kubernetes",
        namespace: "default",
        labels: { component: "apiserver", provider: "kubernetes" },
      },
      spec: {
        clusterIP: how.serviceIp,
        ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 6443 }],
      },
    },
  ];
}
