/** Workloads of every kind in a meshed namespace in which Kubernetes enforces the strictest pod security. */

import type { Container, PodSpec, Probe, Service } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { APP_IMAGE } from "./image.ts";

/** Where they are, and where those of the host's network are. */
export const NAMESPACE = "workloads";
export const HOSTS = "hosts";
/** An address that a Service has beside its own, and the port of every node that leads to one. */
export const EXTERNAL_IP = "10.98.0.200";
export const NODE_PORT = 30080;

const BARE: NonNullable<Container["securityContext"]> = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};

const container = (name: string, args: readonly string[], ports: Ports = {}): Container => ({
  name,
  image: APP_IMAGE,
  imagePullPolicy: "IfNotPresent",
  args: [...args],
  ports: Object.entries(ports).map(([port, containerPort]) => ({ name: port, containerPort })),
  securityContext: BARE,
});
type Ports = Readonly<Record<string, number>>;

/** The pod has time to start; then no probe has a second chance. */
const probed = (of: Container, probe: Probe): Container => ({
  ...of,
  startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 30 },
  readinessProbe: { ...probe, periodSeconds: 1, failureThreshold: 1 },
  livenessProbe: { ...probe, periodSeconds: 1, failureThreshold: 1 },
});

const pod = (containers: readonly Container[], over: Partial<PodSpec> = {}): PodSpec => ({
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 1000,
    seccompProfile: { type: "RuntimeDefault" },
  },
  containers: [...containers],
  ...over,
});

const server = container("http", ["serve", "8080"], { http: 8080 });

/** A container for each kind of probe. */
const PROBED = pod(
  [
    probed(server, { httpGet: { path: "/", port: "http" } }),
    probed(container("tcp", ["serve", "9090"], { tcp: 9090 }), { tcpSocket: { port: "tcp" } }),
    probed(container("grpc", ["health", "5000"], { grpc: 5000 }), { grpc: { port: 5000 } }),
    probed(
      {
        ...container("exec", []),
        image: "test.local/busybox:1",
        command: ["/bin/sh", "-c", "trap exit TERM; touch /tmp/well; sleep infinity & wait"],
        volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
      },
      { exec: { command: ["/bin/cat", "/tmp/well"] } },
    ),
  ],
  { volumes: [{ name: "tmp", emptyDir: {} }] },
);

const CALL_ONCE = pod([container("call", ["call", "http://set-0.set:8080/"])], {
  restartPolicy: "OnFailure",
});

const PORTS = [
  { name: "http", port: 80, targetPort: "http" },
  { name: "second", port: 81, targetPort: "tcp" },
];

/** All of it, in the order in which it is applied. */
export const WORKLOADS: readonly object[] = [
  namespace(NAMESPACE, "restricted"),
  service("probed", { selector: { app: "probed" }, ports: PORTS }),
  service("node-port", {
    type: "NodePort",
    selector: { app: "probed" },
    ports: [{ port: 80, targetPort: "http", nodePort: NODE_PORT }],
  }),
  service("load-balancer", {
    type: "LoadBalancer",
    selector: { app: "probed" },
    ports: PORTS,
    externalIPs: [EXTERNAL_IP],
  }),
  service("alias", {
    type: "ExternalName",
    externalName: `probed.${NAMESPACE}.svc.cluster.local`,
  }),
  service("set", {
    clusterIP: "None",
    selector: { app: "set" },
    ports: [{ name: "http", port: 8080 }],
  }),
  workload("Deployment", "probed", PROBED),
  workload("Deployment", "caller", pod([server])),
  workload("StatefulSet", "set", pod([server]), { replicas: 2, serviceName: "set" }),
  object("batch/v1", "Job", "once", { template: template("once", CALL_ONCE) }),
  object("batch/v1", "CronJob", "minutely", {
    schedule: "* * * * *",
    jobTemplate: { spec: { template: template("once", CALL_ONCE) } },
  }),
  namespace(HOSTS, "privileged"),
  workload(
    "Deployment",
    "host",
    pod([container("http", ["serve", "18080"], { http: 18080 })], { hostNetwork: true }),
    {},
    HOSTS,
  ),
];

function namespace(name: string, security: "restricted" | "privileged"): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      annotations: { "linkerd.io/inject": "enabled" },
      labels: { "pod-security.kubernetes.io/enforce": security },
    },
  };
}

function service(name: string, spec: NonNullable<Service["spec"]>): object {
  return object("v1", "Service", name, spec);
}

function workload(
  kind: "Deployment" | "StatefulSet",
  app: string,
  spec: PodSpec,
  over: object = {},
  where: string = NAMESPACE,
): object {
  const fields = { selector: { matchLabels: { app } }, template: template(app, spec), ...over };
  return object("apps/v1", kind, app, fields, where);
}

function template(app: string, spec: PodSpec): object {
  return { metadata: { labels: { app } }, spec };
}

function object(
  apiVersion: string,
  kind: string,
  name: string,
  spec: object,
  where: string = NAMESPACE,
): object {
  return { apiVersion, kind, metadata: { name, namespace: where }, spec };
}
