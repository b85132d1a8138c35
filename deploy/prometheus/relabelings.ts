/** How what is discovered of pods becomes labels: Linkerd's, for the Prometheus operator and for Prometheus itself. */

/** One step, in the operator's spelling; what it leaves out is Prometheus' default. */
export type Relabeling = {
  readonly action: "keep" | "replace" | "labelmap" | "labeldrop" | "drop";
  readonly sourceLabels?: readonly string[];
  readonly regex?: string;
  readonly targetLabel?: string;
  readonly replacement?: string;
};

const POD = "__meta_kubernetes_pod_";
const LABEL = `${POD}label_`;

const keep = (regex: string, ...sourceLabels: readonly string[]): Relabeling => ({
  action: "keep",
  sourceLabels,
  regex,
});
const copy = (from: string, targetLabel: string): Relabeling => ({
  action: "replace",
  sourceLabels: [from],
  targetLabel,
});

/** Where a pod is, and which it is. */
const PLACE: readonly Relabeling[] = [
  copy("__meta_kubernetes_namespace", "namespace"),
  copy(`${POD}name`, "pod"),
];

/** The controllers: each container's admin port. */
export const CONTROLLERS: readonly Relabeling[] = [
  // The node agent's port has the same name.
  keep(".+;admin-http", `${LABEL}linkerd_io_control_plane_component`, `${POD}container_port_name`),
  copy(`${POD}container_name`, "component"),
  ...PLACE,
];

/** The proxies that belong to the control plane of a namespace, with their workloads (LBL8 of the metrics). */
export function proxyRelabelings(controlPlaneNamespace: string): readonly Relabeling[] {
  return [
    keep(
      `linkerd-proxy;linkerd-admin;${controlPlaneNamespace}`,
      `${POD}container_name`,
      `${POD}container_port_name`,
      `${LABEL}linkerd_io_control_plane_ns`,
    ),
    ...PLACE,
    // `job` is Prometheus' own.
    copy(`${LABEL}linkerd_io_proxy_job`, "k8s_job"),
    { action: "labeldrop", regex: `${LABEL}linkerd_io_proxy_job` },
    // Linkerd's own without what stands before them; each goes then, lest it come a second time.
    { action: "labelmap", regex: `${LABEL}linkerd_io_proxy_(.+)` },
    { action: "labeldrop", regex: `${LABEL}linkerd_io_proxy_(.+)` },
    { action: "labelmap", regex: `${LABEL}linkerd_io_(.+)` },
    { action: "labeldrop", regex: `${LABEL}linkerd_io_(.+)` },
    // Then the application's.
    {
      action: "labelmap",
      regex: `${LABEL}(.+)`,
    },
  ];
}

/** The node agents. */
export const NODE_AGENTS: readonly Relabeling[] = [
  keep("linkerd-cni;admin-http", `${LABEL}k8s_app`, `${POD}container_port_name`),
  copy(`${POD}node_name`, "node"),
  ...PLACE,
];
