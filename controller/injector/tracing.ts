/** What a proxy is told of traces and taps (P52, P55): the collector, whose requests its spans tell of, and who may tap. */

import { parseAuthority } from "#lib/addr/authority.ts";
import { isLoopback } from "#lib/addr/ip.ts";
import type { Pod, Volume } from "#lib/k8s/types/core.ts";
import { quoted } from "./mark-reader.ts";
import type { Settings } from "./settings.ts";
import type { InjectValues, MeshIdentity } from "./values.ts";

/** What stands before the name of an attribute in a pod's annotation. */
export const TRACE_ATTRIBUTE = "resource.opentelemetry.io/";

/** The volume with the pod's labels, and where it is mounted. */
export const POD_INFO = "linkerd-podinfo";
export const POD_INFO_DIR = "/var/run/linkerd/podinfo";

/** Labels that say which service a pod is of, the first one wins. */
const SERVICE_LABELS = ["app.kubernetes.io/instance", "app.kubernetes.io/name"];

/** For whom: a pod of the control plane has no annotations or labels that count, and no collector beside it. */
type For = {
  readonly values: InjectValues;
  readonly settings: Pick<Settings, "tracing" | "tap">;
  readonly component: string | undefined;
};

/** Whether a proxy gets a collector: traces are on, and it can know who the collector must be, or that it is beside it. */
export function isTraced({ settings, component }: Omit<For, "values">): boolean {
  const { enabled, collector } = settings.tracing;
  if (!enabled || collector.endpoint === "") return false;
  return isNamed(collector.meshIdentity) || (component === undefined && isBeside(collector));
}

/** The variables without `LINKERD2_PROXY_`. */
export function tracingVariables(pod: Pod, of: For): Record<string, string | undefined> {
  const { values, settings, component } = of;
  if (!isTraced(of)) return {};
  const { collector, traceServiceName } = settings.tracing;
  const labels = component === undefined ? pod.metadata?.labels : undefined;
  const service = SERVICE_LABELS.map((name) => labels?.[name]).find(Boolean) ?? traceServiceName;
  return {
    TRACE_ATTRIBUTES_PATH: `${POD_INFO_DIR}/labels`,
    TRACE_PROTOCOL: "opentelemetry",
    TRACE_COLLECTOR_SVC_ADDR: collector.endpoint,
    TRACE_COLLECTOR_SVC_NAME: identityOf(collector.meshIdentity, values),
    TRACE_SERVICE_NAME: service || undefined,
    TRACE_EXTRA_ATTRIBUTES: attributes(pod, of) || undefined,
  };
}

/** Who may tap; nobody where it is off. */
export function tapVariables({ values, settings }: For): Record<string, string | undefined> {
  const { enabled, meshIdentity } = settings.tap;
  return { TAP_SVC_NAME: enabled ? identityOf(meshIdentity, values) : undefined };
}

/** The pod's labels as a file, for spans. */
export function podInfoVolume(): Volume {
  const labels = { path: "labels", fieldRef: { fieldPath: "metadata.labels" } };
  return { name: POD_INFO, downwardAPI: { items: [labels] } };
}

/** Why a proxy sends no traces although they are on, and which of the pod's attributes do not count. */
export function tracingWarnings(pod: Pod, of: Omit<For, "values">): readonly string[] {
  if (!of.settings.tracing.enabled) return [];
  if (!isTraced(of))
    return [
      "the proxy sends no traces: proxy.tracing.collector must have an endpoint, and a meshIdentity unless it is loopback",
    ];
  return Object.entries(pod.metadata?.annotations ?? {})
    .filter(([key, value]) => key.startsWith(TRACE_ATTRIBUTE) && !isLine(value))
    .map(([key, value]) => `annotation ${key} cannot be ${quoted(value)}`);
}

/** Lines of name=value, sorted by their names: the installation's, and the pod's own over them. */
function attributes(pod: Pod, { settings, component }: Omit<For, "values">): string {
  const annotations = component === undefined ? (pod.metadata?.annotations ?? {}) : {};
  const own = Object.entries(annotations).flatMap(([key, value]) =>
    key.startsWith(TRACE_ATTRIBUTE) && isLine(value)
      ? [[key.slice(TRACE_ATTRIBUTE.length), value] as const]
      : [],
  );
  const all = { ...settings.tracing.labels, ...Object.fromEntries(own) };
  return Object.keys(all)
    .toSorted()
    .map((name) => `${name}=${all[name]}`)
    .join("\n");
}

/** A value with lines of its own would be several attributes. */
const isLine = (value: string): boolean => !/[\r\n]/.test(value);

const isNamed = ({ serviceAccountName, namespace }: MeshIdentity): boolean =>
  serviceAccountName !== "" && namespace !== "";

function isBeside({ endpoint }: { readonly endpoint: string }): boolean {
  const host = parseAuthority(endpoint)?.host ?? "";
  return host === "localhost" || isLoopback(host);
}

function identityOf(
  { serviceAccountName, namespace }: MeshIdentity,
  values: InjectValues,
): string | undefined {
  if (!isNamed({ serviceAccountName, namespace })) return undefined;
  return `${serviceAccountName}.${namespace}.serviceaccount.identity.${values.namespace}.${values.identityTrustDomain}`;
}
