/** What every scenario finds: backends behind Services, callers inside and outside of the mesh, in two namespaces. */

import type { KubeObject } from "#lib/k8s/types/meta.ts";

/** The namespace of most of it. */
export const NAMESPACE = "scenario";
/** Another one, of clients and a backend that are no neighbours. */
export const ELSEWHERE = "elsewhere";

/** Who asks: identities of the mesh, and one that has none. */
export type Caller = "client" | "other" | "outsider" | "stranger";
/** Who answers, each as itself. */
export type Backend = Web | "far";
/** All of these as `web`, too. */
export type Web = "web-v1" | "web-v2" | "web-v3";

/** Where they are. */
export const CALLERS: Readonly<Record<Caller, string>> = {
  client: NAMESPACE,
  other: NAMESPACE,
  outsider: NAMESPACE,
  stranger: ELSEWHERE,
};
export const WEB: readonly Web[] = ["web-v1", "web-v2", "web-v3"];
export const BACKENDS: Readonly<Record<Backend, string>> = {
  "web-v1": NAMESPACE,
  "web-v2": NAMESPACE,
  "web-v3": NAMESPACE,
  far: ELSEWHERE,
};

/** Ports of backends; where a backend says what it has counted no proxy is on the way. */
export const PORTS: Readonly<Record<"http" | "grpc" | "tcp" | "greeting" | "tls", number>> = {
  ...{ http: 8080, grpc: 9090, tcp: 7070, greeting: 7071, tls: 8443 },
};
export const COUNT_PORT = 9999;

/** Images that are programs of this machine, Debian's among them. */
export const IMAGES: Readonly<Record<"echo" | "idle" | "nginx" | "prometheus", string>> = {
  ...{ echo: "scenario/echo", idle: "scenario/idle", nginx: "nginx", prometheus: "prometheus" },
};

/** A certificate for the backends' HTTPS, in PEM. */
export type ServingCertificate = { readonly key: string; readonly certificate: string };

type Named = { readonly name: string; readonly namespace: string };

/** What a Deployment of the scenarios is made of. */
export type Deployed = Named & {
  readonly account: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly container: object;
  readonly volumes?: readonly object[];
};

/** A Deployment of one pod. */
export function deployment({ name, namespace, account, volumes, ...more }: Deployed): object {
  const labels = { instance: name, ...more.labels };
  const container = {
    name: "app",
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    ...more.container,
  };
  const pod = {
    serviceAccountName: account,
    terminationGracePeriodSeconds: 2,
    securityContext: { runAsUser: 1000 },
    containers: [container],
    ...(volumes === undefined ? {} : { volumes }),
  };
  const template = { metadata: { labels, annotations: more.annotations }, spec: pod };
  const spec = { replicas: 1, selector: { matchLabels: { instance: name } }, template };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace }, spec };
}

/** A backend's container. */
export const echoContainer = (name: string, { key, certificate }: ServingCertificate): object => ({
  image: `${IMAGES.echo}:1`,
  env: Object.entries({ NAME: name, TLS_KEY: key, TLS_CERTIFICATE: certificate }).map(
    ([variable, value]) => ({ name: variable, value }),
  ),
  ports: Object.entries(PORTS).map(([port, containerPort]) => ({ name: port, containerPort })),
  // No request: those of scenarios are counted, and whether a pod is ready is no matter of their policies.
  readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 1 },
});

/** A backend by its name. */
const backend = ([name, namespace]: readonly string[], certificate: ServingCertificate): object =>
  deployment({
    ...{ name: name ?? "", namespace: namespace ?? "", account: "web" },
    labels: { app: namespace === NAMESPACE ? "web" : "far" },
    annotations: { "config.linkerd.io/skip-inbound-ports": String(COUNT_PORT) },
    container: echoContainer(name ?? "", certificate),
  });

const caller = ([name = "", namespace = ""]: readonly string[]): object =>
  deployment({
    ...{ name, namespace, account: name, labels: { app: name } },
    annotations: { "linkerd.io/inject": name === "outsider" ? "disabled" : "enabled" },
    container: { image: `${IMAGES.idle}:1` },
  });

const account = ([name = "", namespace = ""]: readonly string[]): KubeObject => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, namespace },
});

/** What a Service leads to. */
export type ServiceOf = Named & {
  readonly selector: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** By name: the pods' port, and what the Service says of it; all of the backends' unless given. */
  readonly ports?: Readonly<Record<string, ServicePort>>;
};
export type ServicePort = {
  readonly port: number;
  readonly targetPort: number;
  readonly appProtocol?: string;
};

const ALL_PORTS: Readonly<Record<string, ServicePort>> = {
  http: { port: 80, targetPort: PORTS.http },
  grpc: { port: 9090, targetPort: PORTS.grpc },
  tcp: { port: 7070, targetPort: PORTS.tcp },
  tls: { port: 443, targetPort: PORTS.tls },
};

/** A Service. */
export const service = ({ name, namespace, selector, annotations, ports }: ServiceOf): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace, annotations },
  spec: {
    selector,
    // Each family that the cluster has.
    ipFamilyPolicy: "PreferDualStack",
    ports: Object.entries(ports ?? ALL_PORTS).map(([port, its]) => ({ name: port, ...its })),
  },
});

/** All of it, in the order in which it is applied. `root` is the repository. */
export function workloads(root: string, certificate: ServingCertificate): object[] {
  const programs = {
    ...{ [IMAGES.echo]: `${root}/test/scenarios/apps/echo.js` },
    ...{ [IMAGES.idle]: `${root}/test/demo/apps/idle.js` },
    ...{ [IMAGES.nginx]: "/usr/sbin/nginx", [IMAGES.prometheus]: "/usr/bin/prometheus" },
  };
  const images = Object.entries(programs).map((each) => each.join("="));
  const annotations = {
    "linkerd.io/inject": "enabled",
    "dev.bunkerd.io/images": images.join(" "),
  };
  const namespaces = [NAMESPACE, ELSEWHERE];
  const services = Object.entries(BACKENDS).map(([name, namespace]) =>
    service({ name, namespace, selector: { instance: name } }),
  );
  return [
    ...namespaces.map((name) => ({
      ...{ apiVersion: "v1", kind: "Namespace" },
      metadata: { name, annotations },
    })),
    ...[...namespaces.map((each) => ["web", each]), ...Object.entries(CALLERS)].map(account),
    ...Object.entries(BACKENDS).map((each) => backend(each, certificate)),
    ...Object.entries(CALLERS).map(caller),
    service({ name: "web", namespace: NAMESPACE, selector: { app: "web" } }),
    ...services,
  ];
}
