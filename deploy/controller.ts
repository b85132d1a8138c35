/** A controller of the control plane: its Deployment, meshed, and its Services. */

import { CONFIG, OPAQUE_PORTS } from "#lib/k8s/annotations.ts";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import type { Container, Pod, PodSpec, Service, Volume, VolumeMount } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { PodDisruptionBudget } from "#lib/k8s/types/policy.ts";
import type { Component } from "../controller/injector/environment.ts";
import { addProxy } from "../controller/injector/inject.ts";
import { resourcesOf } from "../controller/injector/resources.ts";
import { API_ACCESS_MOUNT, apiAccess } from "./api-access.ts";
import { createdBy, labelsOf } from "./marks.ts";
import { networkPolicy } from "./network-policy.ts";
import type { Values } from "./values.ts";

/** A port of a controller; who calls webhooks is the API server. */
export type ControllerPort = {
  readonly name: string;
  readonly port: number;
  readonly webhook?: boolean;
};

/** What differs between the controllers. */
export type ControllerSpec = {
  readonly component: Component;
  readonly args: readonly string[];
  readonly ports: readonly ControllerPort[];
  readonly adminPort: number;
  readonly volumes: readonly { readonly volume: Volume; readonly mountPath: string }[];
  /** Pod annotations beside those that all have. */
  readonly annotations?: Readonly<Record<string, string>>;
};

/** What runs a controller: the Deployment `linkerd-<component>` with its proxy, its budget and its network policy where they are wanted. */
export function controllerWorkload(spec: ControllerSpec, values: Values): KubeObject[] {
  const budget = values.enablePodDisruptionBudget ? [disruptionBudget(spec.component, values)] : [];
  const policy = values.networkPolicy.enabled ? [networkPolicy(spec, values)] : [];
  return [...policy, ...budget, deployment(spec, values)];
}

/** Nothing in it depends on certificates: its pods learn of new ones as they run. */
function deployment(spec: ControllerSpec, values: Values): Deployment {
  const { component } = spec;
  const name = `linkerd-${component}`;
  const labels = {
    ...labelsOf(component, values),
    "app.kubernetes.io/name": component,
    "app.kubernetes.io/part-of": "Linkerd",
    "app.kubernetes.io/version": values.linkerdVersion,
  };
  const { pod } = addProxy(controllerPod(spec, values), {
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
      revisionHistoryLimit: values.revisionHistoryLimit,
      selector: { matchLabels: selector },
      strategy: { rollingUpdate: values.deploymentStrategy.rollingUpdate },
      template: { metadata: withOwn(metadata, values), spec: pod.spec ?? { containers: [] } },
    },
  };
}

/** What users add goes on last: a proxy's settings among it are for others to read, not for this proxy. */
function withOwn(
  { labels, annotations, ...rest }: NonNullable<Pod["metadata"]>,
  { podLabels, podAnnotations, commonLabels }: Values,
): NonNullable<Pod["metadata"]> {
  return {
    ...rest,
    labels: { ...commonLabels, ...podLabels, ...labels },
    annotations: { ...podAnnotations, ...annotations },
  };
}

function controllerPod(spec: ControllerSpec, values: Values): Pod {
  return {
    metadata: {
      labels: labelsOf(spec.component, values),
      annotations: {
        // Callers of the control plane may not be meshed yet, and the API server never is.
        [`${CONFIG}default-inbound-policy`]: "all-unauthenticated",
        // A proxy that waits for identity or policy would keep up the very container that serves them.
        [`${CONFIG}proxy-await`]: "disabled",
        // What speaks on these ports is known, whatever the cluster has on ports of the same number.
        [OPAQUE_PORTS]: "",
        ...spec.annotations,
      },
    },
    spec: {
      serviceAccountName: `linkerd-${spec.component}`,
      ...(values.enablePodAntiAffinity && { affinity: apart(spec.component, values) }),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...scheduling(values),
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      containers: [controllerContainer(spec, values)],
      volumes: [...spec.volumes.map(({ volume }) => volume), apiAccess()],
    },
  };
}

/** The API server may call a webhook for a moment after its pod has left the Service: nobody else answers for it. */
const LINGERS: NonNullable<Container["lifecycle"]> = { preStop: { sleep: { seconds: 5 } } };

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
    ...(spec.ports.some(({ webhook }) => webhook === true) && { lifecycle: LINGERS }),
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
    volumeMounts: [...mounts, API_ACCESS_MOUNT],
  };
}

/** Where pods run, and with what they pull their images. */
function scheduling(values: Values): Partial<PodSpec> {
  const { priorityClassName, runtimeClassName, nodeSelector, tolerations, imagePullSecrets } =
    values;
  return {
    ...(priorityClassName !== "" && { priorityClassName }),
    ...(runtimeClassName !== "" && { runtimeClassName }),
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector: { ...nodeSelector } }),
    ...(tolerations.length > 0 && { tolerations: [...tolerations] }),
    ...(imagePullSecrets.length > 0 && { imagePullSecrets: [...imagePullSecrets] }),
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

/** A Service of a part of the control plane. */
export function controllerService(
  name: string,
  options: {
    readonly values: Values;
    readonly component: Component;
    readonly port: { readonly name: string; readonly port: number; readonly targetPort: number };
    readonly headless?: boolean;
    /** Annotations beside those that all have. */
    readonly annotations?: Readonly<Record<string, string>>;
  },
): Service {
  const { values, component, port, headless = false, annotations } = options;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: values.namespace,
      labels: labelsOf(component, values),
      annotations: { ...createdBy(values), ...annotations },
    },
    spec: {
      type: "ClusterIP",
      ...(headless && { clusterIP: "None" }),
      selector: labelsOf(component, values),
      ports: [port],
    },
  };
}
