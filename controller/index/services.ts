/** A Service, with its namespace's annotations, as the APIs see it. */

import { normalizeIp } from "#lib/addr/ip.ts";
import { annotation, OPAQUE_PORTS, parsePortRanges } from "#lib/k8s/annotations.ts";
import type { ServiceView } from "../core/outbound-policy.ts";
import type { Ports } from "../core/workload.ts";
import type { KeptNames, KeptService } from "./kept-objects.ts";
import { toParentTraffic } from "./traffic.ts";

type Spec = KeptService["spec"];
type Port = NonNullable<NonNullable<Spec>["ports"]>[number];

/** What a Service is read with; `opaquePorts` is the cluster's default list (DST9). */
export type ServiceContext = {
  readonly namespace: KeptNames | undefined;
  readonly opaquePorts: string;
};

/** Reads a Service. */
export function toServiceView({ metadata, spec }: KeptService, from: ServiceContext): ServiceView {
  const ips = [...(spec?.clusterIPs ?? []), spec?.clusterIP ?? ""];
  return {
    name: metadata?.name ?? "",
    namespace: metadata?.namespace ?? "",
    clusterIps: [...new Set(ips.flatMap((ip) => normalizeIp(ip) ?? []))],
    external: spec?.type === "ExternalName",
    ports: new Map([...portsOf(spec)].map(([port, { appProtocol }]) => [port, appProtocol])),
    portNames: new Map(
      (spec?.ports ?? []).flatMap(({ name, port }) => (name ? [[name, port]] : [])),
    ),
    opaque: opaquePortsOf(metadata, from),
    traffic: toParentTraffic(metadata?.annotations, []),
  };
}

/** The ports that are opaque by what a Service says, else its namespace, else the cluster. */
export const opaquePortsOf = (
  metadata: KeptService["metadata"],
  { namespace, opaquePorts }: ServiceContext,
): Ports => {
  const marks = { pod: metadata?.annotations, namespace: namespace?.metadata?.annotations };
  return parsePortRanges(annotation(OPAQUE_PORTS, marks) ?? opaquePorts);
};

/** A Service's ports by number; one that UDP has too is TCP's. */
export function portsOf(spec: Spec): ReadonlyMap<number, Port> {
  const isTcp = ({ protocol = "TCP" }: Port): boolean => protocol === "TCP";
  const ports = spec?.ports ?? [];
  const inOrder = [...ports.filter((each) => !isTcp(each)), ...ports.filter(isTcp)];
  return new Map(inOrder.map((each) => [each.port, each]));
}
