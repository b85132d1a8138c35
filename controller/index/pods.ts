/** A Pod, with its namespace's annotations, as a Workload. */

import {
  annotation,
  CONFIG,
  CONTROL_PLANE_NS,
  parsePortRanges,
  SKIP_INBOUND,
} from "#lib/k8s/annotations.ts";
import { ownerOf } from "#lib/k8s/owner.ts";
import type { Ports, Workload } from "../core/workload.ts";
import type { KeptContainer, KeptNames, KeptPod } from "./kept-objects.ts";

/** Reads a pod; `opaquePorts` is the cluster's default list. */
export function toWorkload(
  pod: KeptPod,
  from: { readonly namespace: KeptNames | undefined; readonly opaquePorts: string },
): Workload {
  const { metadata, spec, status } = pod;
  const marks = { pod: metadata?.annotations, namespace: from.namespace?.metadata?.annotations };
  const setting = (name: string): string | undefined => annotation(CONFIG + name, marks);
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const named = portsByName(containers);
  const ports = (text: string | undefined): Ports => parsePortRanges(text ?? "", named);
  const ips = [...(status?.podIPs ?? []).map(({ ip }) => ip), status?.podIP ?? ""];
  return {
    name: metadata?.name ?? "",
    namespace: metadata?.namespace ?? "",
    external: false,
    labels: metadata?.labels ?? {},
    ips: [...new Set(ips)].filter((ip) => ip !== ""),
    serviceAccount: spec?.serviceAccountName || "default",
    identity: undefined,
    node: spec?.nodeName ?? "",
    owner: ownerOf(pod),
    templateHash: metadata?.labels?.["pod-template-hash"],
    controlPlaneNs: metadata?.labels?.[CONTROL_PLANE_NS],
    proxy: proxyOf(containers),
    namedPorts: tcpPortsByName(containers),
    opaque: parsePortRanges(setting("opaque-ports") ?? from.opaquePorts, named),
    skipInbound: ports(metadata?.annotations?.[SKIP_INBOUND]),
    requireIdentity: ports(setting("proxy-require-identity-inbound-ports")),
    defaultPolicy: setting("default-inbound-policy"),
    probes: probesOf(containers),
  };
}

function portsByName(containers: readonly KeptContainer[]): Map<string, number> {
  const ports = containers.flatMap((container) => container.ports ?? []);
  return new Map(
    ports.flatMap(({ name, containerPort }) => (name ? [[name, containerPort] as const] : [])),
  );
}

function tcpPortsByName(containers: readonly KeptContainer[]): Workload["namedPorts"] {
  const ports = new Map<string, number[]>();
  for (const { name, containerPort, protocol = "TCP" } of containers.flatMap(
    (container) => container.ports ?? [],
  ))
    if (name && protocol === "TCP") ports.set(name, [...(ports.get(name) ?? []), containerPort]);
  return ports;
}

/** The container that is a proxy. */
export const PROXY_CONTAINER = "linkerd-proxy";

/** Its variables that say where it listens: the inbound port first. */
export const LISTEN_VARIABLES: readonly string[] = ["INBOUND", "ADMIN", "CONTROL"].map(
  (which) => `LINKERD2_PROXY_${which}_LISTEN_ADDR`,
);

/** DST5: the ports out of the proxy's own variables; undefined where one cannot be read. */
function proxyOf(containers: readonly KeptContainer[]): Workload["proxy"] {
  const env = containers.find(({ name }) => name === PROXY_CONTAINER)?.env ?? [];
  const [inboundPort, ...metaPorts] = LISTEN_VARIABLES.map((variable) => {
    const value = env.find(({ name }) => name === variable)?.value ?? "";
    return Number(/^(?:\d+(?:\.\d+){3}|\[[0-9a-f:.]+\]):(\d{1,5})$/i.exec(value)?.[1]);
  });
  if (inboundPort === undefined || [inboundPort, ...metaPorts].some(Number.isNaN)) return undefined;
  return { inboundPort, metaPorts };
}

/** A port that has a name is the container's own: others may have one of that name too. */
function probesOf(containers: readonly KeptContainer[]): Workload["probes"] {
  const probes = new Map<number, string[]>();
  const all = containers.flatMap((each) =>
    [each.livenessProbe, each.readinessProbe, each.startupProbe].map((probe) => ({
      ...probe?.httpGet,
      ports: each.ports ?? [],
    })),
  );
  for (const { port, path = "/", ports } of all) {
    const named = ports.find(({ name }) => name === port)?.containerPort;
    const number = typeof port === "string" ? (named ?? Number(port)) : port;
    if (number === undefined || Number.isNaN(number)) continue;
    const paths = probes.get(number) ?? [];
    if (!paths.includes(path)) probes.set(number, [...paths, path]);
  }
  return probes;
}
