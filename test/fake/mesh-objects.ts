/** Objects of a meshed cluster, for commands under test. */

import type { Deployment } from "../../lib/k8s/types/apps.ts";
import type { Pod } from "../../lib/k8s/types/core.ts";

/** A Deployment that chooses `app=NAME`. */
export function deployment(name: string, namespace = "default"): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [] } },
    },
  };
}

/** How a pod differs from a running, ready, meshed one in the namespace default. */
export type PodFacts = {
  readonly namespace?: string;
  readonly app?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly meshed?: boolean;
  readonly ready?: boolean;
  readonly phase?: string;
  readonly version?: string;
};

/** A pod, meshed unless it is said not to be. */
export function pod(name: string, facts: PodFacts = {}): Pod {
  const {
    namespace = "default",
    app = name,
    meshed = true,
    ready = true,
    phase = "Running",
  } = facts;
  const proxy = { name: "linkerd-proxy", ports: [{ name: "linkerd-admin", containerPort: 4191 }] };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: { app, ...(meshed && { "linkerd.io/control-plane-ns": "linkerd" }), ...facts.labels },
      annotations: { "linkerd.io/proxy-version": facts.version ?? "1.2.3" },
    },
    spec: { containers: [{ name: "app" }], ...(meshed && { initContainers: [proxy] }) },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      containerStatuses: [status("app", ready)],
      ...(meshed && { initContainerStatuses: [status("linkerd-proxy", ready)] }),
    },
  };
}

const status = (
  name: string,
  ready: boolean,
): { name: string; ready: boolean; image: string; imageID: string; restartCount: number } => ({
  name,
  ready,
  image: "",
  imageID: "",
  restartCount: 0,
});
