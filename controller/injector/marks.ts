/** Annotations and labels of injected pods, and of whatever has opaque ports (INJ4). */

import { createHash } from "node:crypto";
import {
  BUNKERD_CONFIG,
  CONFIG,
  CONTROL_PLANE_NS,
  CREATED_BY,
  DISABLE_TAP,
  INJECT,
  OPAQUE_PORTS,
  PROXY_OWNER,
  PROXY_VERSION,
  parsePortRanges,
  TAP_ENABLED,
  TRUST_ROOT_SHA256,
  WORKLOAD_NS,
} from "#lib/k8s/annotations.ts";
import { type Owner, ownerOf } from "#lib/k8s/owner.ts";
import type { Pod, Service } from "#lib/k8s/types/core.ts";
import { namedPorts } from "./environment.ts";
import { quoted } from "./mark-reader.ts";
import type { InjectOptions } from "./options.ts";
import { entriesOf, isPortRange } from "./ports.ts";
import type { Settings } from "./settings.ts";

/** Namespace annotations that are copied to the pod (section 8: "ns, pod"). */
const COPIED = [CONFIG, BUNKERD_CONFIG, "config.alpha.linkerd.io/", DISABLE_TAP];

/** What an injected pod is marked with, over what it has. */
export function marksOf(
  pod: Pod,
  { options, settings }: { readonly options: InjectOptions; readonly settings: Settings },
): { readonly annotations: Record<string, string>; readonly labels: Record<string, string> } {
  const own = pod.metadata?.annotations ?? {};
  const inherited = Object.entries(options.namespaceAnnotations ?? {}).filter(([key]) =>
    COPIED.some((prefix) => key.startsWith(prefix)),
  );
  const { anchors, values } = options;
  const annotations = {
    ...opaquePorts(pod, options),
    ...Object.fromEntries(inherited),
    ...own,
    ...settings.marksInForce,
    [CREATED_BY]: `${options.createdBy} ${values.linkerdVersion}`,
    [PROXY_VERSION]: settings.image.version,
    [INJECT]: own[INJECT] || options.namespaceAnnotations?.[INJECT] || "enabled",
    ...(settings.tap.enabled && { [TAP_ENABLED]: "true" }),
    ...requiredIdentity(own, { options, settings }),
    ...(anchors !== "config-map" && { [TRUST_ROOT_SHA256]: trustRootSha256(anchors.pem) }),
  };
  const labels = {
    ...pod.metadata?.labels,
    [CONTROL_PLANE_NS]: values.namespace,
    [WORKLOAD_NS]: options.namespace,
    ...ownerLabel(options.owner ?? ownerOf(pod)),
  };
  return { annotations, labels };
}

/** The policy controller reads it off the pod; callers of the control plane may have no identity yet. */
function requiredIdentity(
  own: Readonly<Record<string, string>>,
  { options, settings }: { readonly options: InjectOptions; readonly settings: Settings },
): Record<string, string> {
  const { requireIdentityPorts } = settings;
  const key = `${CONFIG}proxy-require-identity-inbound-ports`;
  if (requireIdentityPorts === undefined || options.component !== undefined) return {};
  return { [key]: own[key] ?? requireIdentityPorts };
}

/** The kinds that Linkerd has labels for. */
const OWNER_KINDS = [
  "Deployment",
  "ReplicaSet",
  "DaemonSet",
  "StatefulSet",
  "Job",
  "CronJob",
  "ReplicationController",
];
/** What a label's value may be; an object's name may be longer, and then stands in none. */
const LABEL_VALUE = /^[a-z0-9A-Z](?:[\w.-]{0,61}[a-z0-9A-Z])?$/;

function ownerLabel(owner: Owner | undefined): Record<string, string> {
  if (owner === undefined || !OWNER_KINDS.includes(owner.kind)) return {};
  return LABEL_VALUE.test(owner.name)
    ? { [PROXY_OWNER + owner.kind.toLowerCase()]: owner.name }
    : {};
}

/** SHA-256 of the anchors' PEM, hex. */
function trustRootSha256(pem: string): string {
  return createHash("sha256").update(pem).digest("hex");
}

type OpaqueOptions = Pick<InjectOptions, "namespaceAnnotations" | "values">;

/** INJ4: a pod or Service notes its opaque ports: its namespace's, else those defaults that it exposes. */
export function withOpaquePorts<T extends Pod | Service>(object: T, options: OpaqueOptions): T {
  const added = opaquePorts(object, options);
  if (added === undefined) return object;
  const annotations = { ...object.metadata?.annotations, ...added };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function opaquePorts(
  object: Pod | Service,
  { namespaceAnnotations, values }: OpaqueOptions,
): Record<string, string> | undefined {
  if (object.metadata?.annotations?.[OPAQUE_PORTS] !== undefined) return undefined;
  const inherited = namespaceAnnotations?.[OPAQUE_PORTS];
  if (inherited !== undefined) return { [OPAQUE_PORTS]: inherited };
  const ranges = parsePortRanges(values.proxy.opaquePorts);
  const exposed = exposedPorts(object).filter((port) =>
    ranges.some(({ from, to }) => from <= port && port <= to),
  );
  return exposed.length === 0 ? undefined : { [OPAQUE_PORTS]: [...new Set(exposed)].join(",") };
}

function exposedPorts(object: Pod | Service): number[] {
  const spec = object.spec ?? {};
  if ("containers" in spec)
    return spec.containers.flatMap(({ ports }) =>
      (ports ?? []).map(({ containerPort }) => containerPort),
    );
  const ports = "ports" in spec ? (spec.ports ?? []) : [];
  return ports.flatMap(({ port, targetPort }) => {
    if (targetPort === undefined) return [port];
    return typeof targetPort === "number" ? [targetPort] : [];
  });
}

/** What of the pod's opaque ports is neither a port, a range nor the name of one of its ports. */
export function opaqueWarnings(pod: Pod, { opaquePorts: text }: Settings): readonly string[] {
  const names = namedPorts(pod);
  const wrong = entriesOf(text).find((each) => !isPortRange(each) && !names.has(each));
  return wrong === undefined
    ? []
    : [`annotation ${OPAQUE_PORTS} cannot have ${quoted(wrong)}: that entry does not count`];
}
