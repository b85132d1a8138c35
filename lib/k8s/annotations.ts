/** The mesh's annotations and labels: their names, and how their values are read. */

/** Whether a pod wants a proxy; on a namespace, whether its pods do. */
export const INJECT = "linkerd.io/inject";
/** Who added the proxy: `linkerd/proxy-injector` or `linkerd/cli`, and a version. */
export const CREATED_BY = "linkerd.io/created-by";
export const PROXY_VERSION = "linkerd.io/proxy-version";
/** SHA-256 of the anchors' PEM that the proxy started with, hex. */
export const TRUST_ROOT_SHA256 = "linkerd.io/trust-root-sha256";

/** What stands before the name of a proxy's setting. */
export const CONFIG = "config.linkerd.io/";
/** What stands before the name of a setting that Linkerd does not have. */
export const BUNKERD_CONFIG = "config.bunkerd.io/";
/** `true`: nobody may tap, of a pod or all pods of a namespace. */
export const DISABLE_TAP = "viz.linkerd.io/disable-tap";
/** On a pod, `true`: its proxy lets itself be tapped. */
export const TAP_ENABLED = "viz.linkerd.io/tap-enabled";
export const OPAQUE_PORTS = "config.linkerd.io/opaque-ports";
/** Ports that go by the proxy: as a pod says, since its namespace may say otherwise once it runs. */
export const SKIP_INBOUND = "config.linkerd.io/skip-inbound-ports";

/** Label: which part of the control plane a pod is. */
export const CONTROL_PLANE_COMPONENT = "linkerd.io/control-plane-component";
/** Label: the namespace of the control plane that a meshed pod belongs to. */
export const CONTROL_PLANE_NS = "linkerd.io/control-plane-ns";
/** Label: the namespace that a meshed pod runs in. */
export const WORKLOAD_NS = "linkerd.io/workload-ns";
/** Label of a namespace that holds a control plane. */
export const IS_CONTROL_PLANE = "linkerd.io/is-control-plane";
/** Label of what belongs to the node agent. */
export const CNI_RESOURCE = "linkerd.io/cni-resource";
/** Label of a namespace, `disabled`: no webhook of the mesh looks at it. */
export const ADMISSION_WEBHOOKS = "config.linkerd.io/admission-webhooks";
/** What stands before the owner's kind, in lower case, in the label that names a pod's owner. */
export const PROXY_OWNER = "linkerd.io/proxy-";

/** Annotations or labels of one object, which may have none. */
export type Marks = Readonly<Record<string, string>> | undefined;

/** A setting: the pod's own, else its namespace's. */
export function annotation(
  key: string,
  { pod, namespace }: { readonly pod: Marks; readonly namespace: Marks },
): string | undefined {
  return pod?.[key] ?? namespace?.[key];
}

/** A port, or a range that does not fall; both ends included. */
export type PortRange = { readonly from: number; readonly to: number };

/** The ranges of a comma list such as `25,8000-8010,mysql`, whose names are looked up; what is none is left out. */
export function parsePortRanges(
  text: string,
  names: ReadonlyMap<string, number> = new Map(),
): readonly PortRange[] {
  return text.split(",").flatMap((each) => {
    const entry = each.trim();
    const named = names.get(entry);
    const [, low, high] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(entry) ?? [];
    const from = named ?? Number(low);
    const to = named ?? Number(high ?? low);
    return from >= 1 && from <= to && to <= 0xffff ? [{ from, to }] : [];
  });
}
