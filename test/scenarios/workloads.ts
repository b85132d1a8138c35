/** What every scenario finds: two backends behind one Service, callers inside and outside of the mesh. */

import type { KubeObject } from "#lib/k8s/types/meta.ts";

/** The namespace of all of it. */
export const NAMESPACE = "scenario";
/** Who asks: two identities of the mesh, and one that has none. */
export const CALLERS = ["client", "other", "outsider"] as const;
export type Caller = (typeof CALLERS)[number];
/** Who answers, both as `web`, each also as itself. */
export const BACKENDS = ["web-v1", "web-v2"] as const;
export type Backend = (typeof BACKENDS)[number];

const IMAGES = { echo: "scenario/echo", idle: "scenario/idle" } as const;
/** Where a backend says what it has counted: no proxy is on the way there. */
export const COUNT_PORT = 9999;

const namespaced = (name: string): { name: string; namespace: string } => ({
  name,
  namespace: NAMESPACE,
});

const account = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: namespaced(name),
});

type Deployed = {
  readonly name: string;
  readonly account: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly container: object;
};

function deployment({ name, account, labels, annotations, container }: Deployed): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: namespaced(name),
    spec: {
      replicas: 1,
      selector: { matchLabels: { instance: name } },
      template: {
        metadata: { labels: { instance: name, ...labels }, annotations },
        spec: {
          serviceAccountName: account,
          terminationGracePeriodSeconds: 2,
          securityContext: { runAsUser: 1000 },
          containers: [
            {
              name: "app",
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
              },
              ...container,
            },
          ],
        },
      },
    },
  };
}

const backend = (name: Backend): object =>
  deployment({
    name,
    account: "web",
    labels: { app: "web" },
    annotations: { "config.linkerd.io/skip-inbound-ports": String(COUNT_PORT) },
    container: {
      image: `${IMAGES.echo}:1`,
      env: [{ name: "NAME", value: name }],
      ports: [
        { name: "http", containerPort: 8080 },
        { name: "grpc", containerPort: 9090 },
      ],
      readinessProbe: { httpGet: { path: "/ready", port: "http" }, periodSeconds: 1 },
    },
  });

const caller = (name: Caller): object =>
  deployment({
    name,
    account: name,
    labels: { app: name },
    annotations: { "linkerd.io/inject": name === "outsider" ? "disabled" : "enabled" },
    container: { image: `${IMAGES.idle}:1` },
  });

const service = (name: string, selector: Readonly<Record<string, string>>): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: namespaced(name),
  spec: {
    selector,
    ports: [
      { name: "http", port: 80, targetPort: "http" },
      { name: "grpc", port: 9090, targetPort: "grpc" },
    ],
  },
});

/** All of it, in the order in which it is applied. `root` is the repository. */
export function workloads(root: string): object[] {
  const images = `${IMAGES.echo}=${root}/test/scenarios/apps/echo.js ${IMAGES.idle}=${root}/test/demo/apps/idle.js`;
  const annotations = { "linkerd.io/inject": "enabled", "dev.bunkerd.io/images": images };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, annotations } },
    ...["web", ...CALLERS].map(account),
    ...BACKENDS.map(backend),
    ...CALLERS.map(caller),
    service("web", { app: "web" }),
    ...BACKENDS.map((name) => service(name, { instance: name })),
  ];
}
