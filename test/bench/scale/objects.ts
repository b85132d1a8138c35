/** The cluster that the scale bench simulates: nodes, Services, meshed pods and their EndpointSlices, as they are in a real one. */

import { createHash } from "node:crypto";
import { SERVICE_NAME } from "#lib/k8s/resource.ts";
import type { Node, Pod, Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { inject } from "../../../controller/injector/inject.ts";
import { createValues } from "../../../deploy/values.ts";

/** How large it is. */
export const SIZE = { namespaces: 10, nodes: 100, services: 1000, podsPerService: 10 } as const;

const PORT = 8080;
const ZONES = ["a", "b", "c"];
const VALUES = createValues("0.0.0-bench");
const STARTED = "2026-01-01T00:00:00Z";

/** Names by number. */
export const namespaceName = (service: number): string => `shop-${service % SIZE.namespaces}`;
export const serviceName = (service: number): string => `service-${service}`;
export const nodeName = (node: number): string => `node-${node % SIZE.nodes}`;
const zoneOf = (node: number): string => ZONES[(node % SIZE.nodes) % ZONES.length] ?? "";
const hash = (text: string, length: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, length);

/** What the API knows a pod by. */
export type MadePod = { readonly name: string; readonly uid: string };

/** A node of a zone. */
export const makeNode = (node: number): Node => ({
  metadata: {
    name: nodeName(node),
    labels: { "topology.kubernetes.io/zone": zoneOf(node), "kubernetes.io/os": "linux" },
  },
});

/** A Service without selector, so that only the bench writes its endpoints. */
export const makeService = (service: number): Service => ({
  metadata: {
    name: serviceName(service),
    namespace: namespaceName(service),
    labels: { app: serviceName(service) },
  },
  spec: { ports: [{ name: "http", port: 80, targetPort: PORT }] },
});

const podNumber = (service: number, pod: number): number => service * SIZE.podsPerService + pod;
const podIp = (number: number): string => `10.200.${number >> 8}.${number & 0xff}`;

/** A pod as a Deployment makes it and the injector meshes it. */
export function makePod(service: number, pod: number): Pod {
  const app = serviceName(service);
  const template = hash(app, 10);
  const injection = inject(plainPod(service, pod), {
    values: VALUES,
    namespace: namespaceName(service),
    namespaceAnnotations: { "linkerd.io/inject": "enabled" },
    anchors: "config-map",
    createdBy: "linkerd/proxy-injector",
    owner: { kind: "Deployment", name: app },
  });
  if (injection.type !== "injected") throw new Error(`Cannot mesh a pod: it is ${injection.type}`);
  const { metadata } = injection.pod;
  const labels = { ...metadata?.labels, app, "pod-template-hash": template };
  return { ...injection.pod, metadata: { ...metadata, labels } };
}

function plainPod(service: number, pod: number): Pod {
  const app = serviceName(service);
  const template = hash(app, 10);
  const replicaSet = { apiVersion: "apps/v1", kind: "ReplicaSet", name: `${app}-${template}` };
  return {
    metadata: {
      name: `${app}-${template}-${hash(`${app}/${pod}`, 5)}`,
      namespace: namespaceName(service),
      labels: { app },
      annotations: { "prometheus.io/scrape": "true" },
      ownerReferences: [
        { ...replicaSet, uid: crypto.randomUUID(), controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      nodeName: nodeName(podNumber(service, pod)),
      serviceAccountName: "app",
      containers: [
        {
          name: "app",
          image: `registry.example.com/${app}:1.2.3`,
          ports: [{ name: "http", containerPort: PORT }],
          env: ["DATABASE_URL", "CACHE_URL", "LOG_LEVEL", "REGION"].map((name) => ({
            name,
            value: `${name.toLowerCase()}-of-${app}`,
          })),
          readinessProbe: { httpGet: { path: "/ready", port: "http" } },
          livenessProbe: { httpGet: { path: "/live", port: "http" } },
          resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "256Mi" } },
        },
      ],
    },
  };
}

/** The status that a kubelet writes of a pod that runs. */
export function runningStatus(service: number, pod: number): Pod["status"] {
  const number = podNumber(service, pod);
  const ip = podIp(number);
  const container = (name: string) => ({
    name,
    image: `registry.example.com/${name}:1.2.3`,
    imageID: `registry.example.com/${name}@sha256:${hash(name, 64)}`,
    containerID: `containerd://${hash(`${number}/${name}`, 64)}`,
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: STARTED } },
    lastState: {},
  });
  const conditions = [
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
  ];
  return {
    phase: "Running",
    podIP: ip,
    podIPs: [{ ip }],
    hostIP: `10.201.0.${number % SIZE.nodes}`,
    hostIPs: [{ ip: `10.201.0.${number % SIZE.nodes}` }],
    qosClass: "Burstable",
    startTime: STARTED,
    conditions: conditions.map((type) => ({ type, status: "True", lastTransitionTime: STARTED })),
    containerStatuses: [container("app")],
    initContainerStatuses: [container("linkerd-proxy")],
  };
}

/** The endpoints of a Service: all its pods, ready. */
export function makeSlice(service: number, pods: readonly MadePod[]): EndpointSlice {
  const namespace = namespaceName(service);
  return {
    metadata: {
      name: sliceName(service),
      namespace,
      labels: { [SERVICE_NAME]: serviceName(service), app: serviceName(service) },
    },
    addressType: "IPv4",
    ports: [{ name: "http", port: PORT, protocol: "TCP" }],
    endpoints: pods.map(({ name, uid }, pod) => ({
      addresses: [podIp(podNumber(service, pod))],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: nodeName(podNumber(service, pod)),
      zone: zoneOf(podNumber(service, pod)),
      targetRef: { kind: "Pod", name, namespace, uid },
    })),
  };
}

/** The one slice of a Service. */
export const sliceName = (service: number): string => `${serviceName(service)}-abcde`;
