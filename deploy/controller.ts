/** A controller of the control plane: its Deployment, meshed, and its Services. */

import {
  CONFIG,
  CONTROL_PLANE_COMPONENT,
  CONTROL_PLANE_NS,
  CREATED_BY,
  TRUST_ROOT_SHA256,
} from "#lib/k8s/annotations.ts";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import type { Container, Pod, PodSpec, Service, Volume, VolumeMount } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { PodDisruptionBudget } from "#lib/k8s/types/policy.ts";
import type { Component } from "../controller/injector/environment.ts";
import { addProxy, trustRootSha256 } from "../controller/injector/inject.ts";
import { resourcesOf } from "../controller/injector/resources.ts";
import type { Values } from "./values.ts";

/** What differs between the controllers. */
export type ControllerSpec = {
  readonly component: Component;
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly adminPort: number;
  readonly volumes: readonly { readonly volume: Volume; readonly mountPath: string }[];
  /** Pod annotations beside those that all have. */
  readonly annotations?: Readonly<Record<string, string>>;
};

/** Labels of everything that belongs to a part of the control plane. */
export function labelsOf(component: string, { namespace }: Values): Record<string, string> {
  return { [CONTROL_PLANE_COMPONENT]: component, [CONTROL_PLANE_NS]: namespace };
}

/** The annotation that says which program made an object. */
export function createdBy({ linkerdVersion }: Values): Record<string, string> {
  return { [CREATED_BY]: `linkerd/cli ${linkerdVersion}` };
}

const API_ACCESS = "kube-api-access";
/** The controllers' own token, not the proxy's: only their container mounts it. */
const API_ACCESS_DIR = "/var/run/secrets/kubernetes.io/serviceaccount";
const API_TOKEN_SECONDS = 3607;

/** What runs a controller: the Deployment `linkerd-<component>` with its proxy, and its budget where one is wanted. */
export function controllerWorkload(
  spec: ControllerSpec,
  how: { readonly values: Values; readonly anchorsPem: string },
): KubeObject[] {
  const { values } = how;
  const budget = values.enablePodDisruptionBudget ? [disruptionBudget(spec.component, values)] : [];
  return [...budget, deployment(spec, how)];
}

function deployment(
  spec: ControllerSpec,
  { values, anchorsPem }: { readonly values: Values; readonly anchorsPem: string },
): Deployment {
  const { component } = spec;
  const name = `linkerd-${component}`;
  const labels = {
    ...labelsOf(component, values),
    "app.kubernetes.io/name": component,
    "app.kubernetes.io/part-of": "Linkerd",
    "app.kubernetes.io/version": values.linkerdVersion,
  };
  const { pod } = addProxy(controllerPod(spec, { values, anchorsPem }), {
    values,
    namespace: values.namespace,
    namespaceAnnotations: undefined,
    anchors: "config-map",
    createdBy: "linkerd/cli",
    owner: { kind: "Deployment", name },
    component,
  });
  const { namespace: _, name: __, ...metadata } = pod.metadata ?? {};
  const selector = { ...labelsOf(component, values), "linkerd.io/proxy-deployment": name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: values.namespace, labels, annotations: createdBy(values) },
    spec: {
      replicas: values.controllerReplicas,
      selector: { matchLabels: selector },
      strategy: { rollingUpdate: { maxUnavailable: 1 } },
      template: { metadata, spec: pod.spec ?? { containers: [] } },
    },
  };
}

function controllerPod(
  spec: ControllerSpec,
  { values, anchorsPem }: { readonly values: Values; readonly anchorsPem: string },
): Pod {
  return {
    metadata: {
      labels: labelsOf(spec.component, values),
      annotations: {
        // The Deployment rolls when the anchors change: its proxies read them once, at the start.
        [TRUST_ROOT_SHA256]: trustRootSha256(anchorsPem),
        // Callers of the control plane may not be meshed yet, and the API server never is.
        [`${CONFIG}default-inbound-policy`]: "all-unauthenticated",
        // A proxy that waits for identity or policy would keep up the very container that serves them.
        [`${CONFIG}proxy-await`]: "disabled",
        ...spec.annotations,
      },
    },
    spec: {
      serviceAccountName: `linkerd-${spec.component}`,
      ...(values.priorityClassName !== "" && { priorityClassName: values.priorityClassName }),
      ...(values.enablePodAntiAffinity && { affinity: apart(spec.component, values) }),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      nodeSelector: { "kubernetes.io/os": "linux" },
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      containers: [controllerContainer(spec, values)],
      volumes: [...spec.volumes.map(({ volume }) => volume), apiAccess()],
    },
  };
}

function controllerContainer(spec: ControllerSpec, values: Values): Container {
  const probe = (path: string): NonNullable<Container["livenessProbe"]> => ({
    httpGet: { path, port: spec.adminPort },
  });
  const mounts: VolumeMount[] = spec.volumes.map(({ volume, mountPath }) => ({
    name: volume.name,
    mountPath,
    readOnly: true,
  }));
  return {
    name: spec.component,
    image: `${values.controllerImage}:${values.controllerImageVersion}`,
    imagePullPolicy: values.imagePullPolicy,
    args: [
      "controller",
      spec.component === "proxy-injector" ? "injector" : spec.component,
      `-log-level=${values.controllerLogLevel}`,
      `-log-format=${values.controllerLogFormat}`,
      ...spec.args,
    ],
    ports: [...spec.ports, { name: "admin-http", port: spec.adminPort }].map(({ name, port }) => ({
      name,
      containerPort: port,
    })),
    livenessProbe: { ...probe("/live"), initialDelaySeconds: 10 },
    readinessProbe: { ...probe("/ready"), periodSeconds: 2, failureThreshold: 7 },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: values.controllerUID,
      runAsGroup: values.controllerUID,
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...resourcesOf(values.controllerResources),
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [...mounts, { name: API_ACCESS, mountPath: API_ACCESS_DIR, readOnly: true }],
  };
}

/** Replicas on nodes of their own, and in zones of their own where there are some. */
function apart(component: string, values: Values): NonNullable<PodSpec["affinity"]> {
  const term = (topologyKey: string) => ({
    labelSelector: { matchLabels: labelsOf(component, values) },
    topologyKey,
  });
  return {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [term("kubernetes.io/hostname")],
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 100, podAffinityTerm: term("topology.kubernetes.io/zone") },
      ],
    },
  };
}

/** How many replicas may be away at once when nodes are drained. */
function disruptionBudget(component: Component, values: Values): PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: {
      name: component === "destination" ? "linkerd-dst" : `linkerd-${component}`,
      namespace: values.namespace,
      labels: labelsOf(component, values),
      annotations: createdBy(values),
    },
    spec: {
      maxUnavailable: values.controller.podDisruptionBudget.maxUnavailable,
      selector: { matchLabels: labelsOf(component, values) },
    },
  };
}

/** What the API server's own admission would mount into every container. */
function apiAccess(): Volume {
  return {
    name: API_ACCESS,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { path: "token", expirationSeconds: API_TOKEN_SECONDS } },
        {
          configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] },
        },
        {
          downwardAPI: {
            items: [
              {
                path: "namespace",
                fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" },
              },
            ],
          },
        },
      ],
    },
  };
}

/** A Service of a part of the control plane. */
export function controllerService(
  name: string,
  options: {
    readonly values: Values;
    readonly component: Component;
    readonly port: { readonly name: string; readonly port: number; readonly targetPort: number };
    readonly headless?: boolean;
  },
): Service {
  const { values, component, port, headless = false } = options;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: values.namespace,
      labels: labelsOf(component, values),
      annotations: createdBy(values),
    },
    spec: {
      type: "ClusterIP",
      ...(headless && { clusterIP: "None" }),
      selector: labelsOf(component, values),
      ports: [port],
    },
  };
}
