/** Adds the proxy to a pod; pure, and the same pod again where it has one already (INJ2 to INJ9). */

import { createHash } from "node:crypto";
import {
  BUNKERD_CONFIG,
  CONFIG,
  CONTROL_PLANE_NS,
  CREATED_BY,
  INJECT,
  type Marks,
  OPAQUE_PORTS,
  PROXY_OWNER,
  PROXY_VERSION,
  parsePortRanges,
  TRUST_ROOT_SHA256,
  WORKLOAD_NS,
} from "#lib/k8s/annotations.ts";
import type { Container, Pod, Service, Volume, VolumeMount } from "#lib/k8s/types/core.ts";
import { reasonToSkip, type SkipReason } from "./decide.ts";
import {
  type Anchors,
  additionalEnv,
  type Component,
  END_ENTITY_DIR,
  mergeEnv,
  proxyEnv,
  TOKEN_DIR,
  TOKEN_FILE,
} from "./environment.ts";
import { resourcesOf } from "./resources.ts";
import { type Settings, settingsOf } from "./settings.ts";
import type { InjectValues } from "./values.ts";

/** What a pod is injected with, and where it is to run. */
export type InjectOptions = {
  readonly values: InjectValues;
  readonly namespace: string;
  readonly namespaceAnnotations: Marks;
  readonly anchors: Anchors;
  /** `linkerd/proxy-injector` or `linkerd/cli`. */
  readonly createdBy: string;
  /** Owner as the caller knows it: a template's own kind; else it is read off the pod. */
  readonly owner?: { readonly kind: string; readonly name: string } | undefined;
  readonly component?: Component | undefined;
};

/** The pod with its proxy, or why it has none; then its opaque ports are still noted (INJ4). */
export type Injection =
  | { readonly type: "injected"; readonly pod: Pod; readonly warnings: readonly string[] }
  | { readonly type: "skipped"; readonly reason: SkipReason; readonly pod: Pod };

const PROXY = "linkerd-proxy";
const END_ENTITY = "linkerd-identity-end-entity";
const TOKEN_AUDIENCE = "identity.l5d.io";
const TOKEN_SECONDS = 86_400;

/** Injects a pod that wants it. */
export function inject(pod: Pod, options: InjectOptions): Injection {
  const reason = reasonToSkip(pod, options.namespaceAnnotations);
  if (reason !== undefined) return { type: "skipped", reason, pod: withOpaquePorts(pod, options) };
  return addProxy(pod, options);
}

/** Adds the proxy whatever the annotations say: for the control plane's own pods and templates of the CLI. */
export function addProxy(
  pod: Pod,
  options: InjectOptions,
): Injection & { readonly type: "injected" } {
  const { values, namespaceAnnotations } = options;
  const marks = { pod: pod.metadata?.annotations, namespace: namespaceAnnotations };
  const settings = settingsOf(values, marks);
  const extra = additionalEnv(marks);
  const warnings =
    extra === undefined
      ? ["annotation config.linkerd.io/proxy-additional-env is no JSON list of variables"]
      : [];
  const env = mergeEnv(
    proxyEnv(pod, { ...options, settings, component: options.component }),
    extra ?? [],
  );
  const container = { ...proxyContainer(settings), env };
  const spec = pod.spec ?? { containers: [] };
  const placed = settings.nativeSidecar
    ? {
        initContainers: [{ ...container, restartPolicy: "Always" }, ...(spec.initContainers ?? [])],
      }
    : {
        containers: settings.await
          ? [withoutStartup(container), ...spec.containers]
          : [...spec.containers, withoutStartup(container)],
      };
  return {
    type: "injected",
    pod: {
      ...pod,
      metadata: { ...pod.metadata, ...marksOf(pod, { options, settings }) },
      spec: { ...spec, ...placed, volumes: [...(spec.volumes ?? []), ...volumes()] },
    },
    warnings: [...settings.warnings, ...warnings],
  };
}

/** An ordinary container holds nobody up: its probe of the start would only delay its own readiness. */
function withoutStartup({ startupProbe: _, ...container }: Container): Container {
  return container;
}

function proxyContainer(settings: Settings): Container {
  const { image, ports, resources, uid, gid, waitBeforeExitSeconds } = settings;
  const probe = (path: string, timing: object): NonNullable<Container["startupProbe"]> => ({
    httpGet: { path, port: ports.admin },
    ...timing,
  });
  const mounts: VolumeMount[] = [
    { name: END_ENTITY, mountPath: END_ENTITY_DIR },
    { name: TOKEN_FILE, mountPath: TOKEN_DIR },
  ];
  return {
    name: PROXY,
    image: `${image.name}:${image.version}`,
    imagePullPolicy: image.pullPolicy,
    args: ["proxy"],
    ports: [
      { name: "linkerd-proxy", containerPort: ports.inbound },
      { name: "linkerd-admin", containerPort: ports.admin },
    ],
    livenessProbe: probe("/live", { initialDelaySeconds: 10 }),
    readinessProbe: probe("/ready", { initialDelaySeconds: 2 }),
    ...(settings.await && {
      startupProbe: probe("/ready", { periodSeconds: 1, failureThreshold: 120 }),
    }),
    ...resourcesOf(resources),
    ...(waitBeforeExitSeconds > 0 && {
      lifecycle: { preStop: { sleep: { seconds: waitBeforeExitSeconds } } },
    }),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid ?? uid,
      seccompProfile: { type: "RuntimeDefault" },
    },
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: mounts,
  };
}

function volumes(): Volume[] {
  const token = { path: TOKEN_FILE, expirationSeconds: TOKEN_SECONDS, audience: TOKEN_AUDIENCE };
  return [
    { name: END_ENTITY, emptyDir: { medium: "Memory" } },
    { name: TOKEN_FILE, projected: { sources: [{ serviceAccountToken: token }] } },
  ];
}

/** Namespace annotations that are copied to the pod (section 8: "ns, pod"). */
const COPIED = [CONFIG, BUNKERD_CONFIG, "config.alpha.linkerd.io/"];

function marksOf(
  pod: Pod,
  { options, settings }: { readonly options: InjectOptions; readonly settings: Settings },
): { readonly annotations: Record<string, string>; readonly labels: Record<string, string> } {
  const own = pod.metadata?.annotations ?? {};
  const inherited = Object.entries(options.namespaceAnnotations ?? {}).filter(([key]) =>
    COPIED.some((prefix) => key.startsWith(prefix)),
  );
  const owner = options.owner ?? ownerOf(pod);
  const { anchors, values } = options;
  const annotations = {
    ...opaquePorts(pod, options),
    ...Object.fromEntries(inherited),
    ...own,
    [CREATED_BY]: `${options.createdBy} ${values.linkerdVersion}`,
    [PROXY_VERSION]: settings.image.version,
    [INJECT]: own[INJECT] ?? options.namespaceAnnotations?.[INJECT] ?? "enabled",
    ...requiredIdentity(own, { options, settings }),
    ...(anchors !== "config-map" && { [TRUST_ROOT_SHA256]: trustRootSha256(anchors.pem) }),
  };
  const labels = {
    ...pod.metadata?.labels,
    [CONTROL_PLANE_NS]: values.namespace,
    [WORKLOAD_NS]: options.namespace,
    ...(owner !== undefined && { [PROXY_OWNER + owner.kind.toLowerCase()]: owner.name }),
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

/** SHA-256 of the anchors' PEM, hex. */
export function trustRootSha256(pem: string): string {
  return createHash("sha256").update(pem).digest("hex");
}

/** The workload that a pod belongs to: a ReplicaSet named after a Deployment and its hash stands for that. */
function ownerOf({ metadata }: Pod): { readonly kind: string; readonly name: string } | undefined {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller !== false);
  if (owner === undefined) return undefined;
  const hash = metadata?.labels?.["pod-template-hash"];
  if (owner.kind === "ReplicaSet" && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return { kind: "Deployment", name: owner.name.slice(0, -hash.length - 1) };
  return owner;
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
