/** Values of the node agent. */

import { choice, flag, labels, objects, type SpecificationOf, share, text } from "./kinds.ts";
import { DNS_LABEL, FILLED, logFormat, resources } from "./shared.ts";
import type { CniValues, Toleration } from "./types.ts";

/** How pods are redirected on a node; the first is the default. */
export const REDIRECTS: readonly [CniValues["redirect"], ...CniValues["redirect"][]] = [
  "auto",
  "ebpf",
  "nft",
  "iptables",
];

/** Each of them. */
export const CNI: SpecificationOf<CniValues> = {
  namespace: text("Namespace of the node agent", { ...DNS_LABEL, initial: "linkerd-cni" }),
  redirect: choice("How pods are redirected", REDIRECTS),
  logLevel: text("Log level of the node agent", { ...FILLED, initial: "info" }),
  logFormat: logFormat("the node agent"),
  destCNIBinDir: text("Folder on the host where CNI plugins are", {
    initial: "/opt/cni/bin",
    pattern: /^\//,
  }),
  destCNINetDir: text("Folder on the host where CNI configurations are", {
    initial: "/etc/cni/net.d",
    pattern: /^\//,
  }),
  priorityClassName: text("Priority class of the node agent's pods; empty for the default one", {
    initial: "system-node-critical",
  }),
  tolerations: objects<Toleration>("Taints that the node agent's pods bear", {
    initial: [{ operator: "Exists" }],
  }),
  resources: resources("the node agent", {
    cpu: { request: "10m" },
    memory: { request: "64Mi", limit: "512Mi" },
  }),
  podLabels: labels("Labels of the node agent's pods"),
  podAnnotations: labels("Annotations of the node agent's pods"),
  updateStrategy: {
    type: choice("How new agents replace old ones", ["RollingUpdate", "OnDelete"]),
    rollingUpdate: {
      maxUnavailable: share("How many nodes may be without an agent meanwhile", 1),
    },
  },
  privileged: flag(
    "Lets the agent mount a bpffs where the node has none; without one such a node redirects by nft",
    false,
  ),
};
