/** ExternalWorkloads: what runs outside of the cluster, and is meshed (DST7, DST8; control-plane.md, section 11). */

import { normalizeIp } from "#lib/addr/ip.ts";
import { annotation, CONFIG, parsePortRanges, SKIP_INBOUND } from "#lib/k8s/annotations.ts";
import type { Workload } from "../core/workload.ts";
import { Fields } from "./fields.ts";
import type { KeptNames, KeptPolicy } from "./kept-objects.ts";

const PORTS = { least: 1, most: 0xffff };
/** The port that its proxy listens on, by name, and the one where none has that name. */
const PROXY_PORT = "linkerd-proxy";
const DEFAULT_PROXY_PORT = 4143;

/** Its addresses, in one form; what is none is left out. */
export function externalIps(object: KeptPolicy | undefined): readonly string[] {
  if (object === undefined) return [];
  const ips = new Fields(object.spec, "spec", []).objects("workloadIPs");
  return ips.flatMap((each) => normalizeIp(each.text("ip") ?? "") ?? []);
}

/** Its TCP ports; the name may be empty. */
export function listedPorts({ spec }: KeptPolicy): readonly { name: string; port: number }[] {
  return new Fields(spec, "spec", []).objects("ports").flatMap((each) => {
    const port = each.integer("port", PORTS);
    if (port === undefined || (each.text("protocol") ?? "TCP") !== "TCP") return [];
    return { name: each.text("name") ?? "", port };
  });
}

/** Those that have a name, by it. */
export function externalPorts(object: KeptPolicy): ReadonlyMap<string, readonly number[]> {
  const ports = new Map<string, number[]>();
  for (const { name, port } of listedPorts(object))
    if (name !== "") ports.set(name, [...(ports.get(name) ?? []), port]);
  return ports;
}

/** Reads an ExternalWorkload; one that does not say who it is has no proxy that could be trusted, and is not gone to. */
export function toExternalWorkload(
  object: KeptPolicy,
  from: { readonly namespace: KeptNames | undefined; readonly opaquePorts: string },
): Workload {
  const { metadata, spec } = object;
  const marks = { pod: metadata?.annotations, namespace: from.namespace?.metadata?.annotations };
  const setting = (name: string): string | undefined => annotation(CONFIG + name, marks);
  const namedPorts = externalPorts(object);
  const named = new Map([...namedPorts].flatMap(([name, [port]]) => (port ? [[name, port]] : [])));
  const tls = new Fields(spec, "spec", []).object("meshTLS");
  const [name = "", serverName = ""] = [tls?.text("identity"), tls?.text("serverName")];
  const [inboundPort = DEFAULT_PROXY_PORT] = namedPorts.get(PROXY_PORT) ?? [];
  return {
    name: metadata?.name ?? "",
    namespace: metadata?.namespace ?? "",
    external: true,
    labels: metadata?.labels ?? {},
    ips: externalIps(object),
    serviceAccount: "",
    identity: name === "" ? undefined : { name, serverName: serverName || name },
    node: "",
    owner: undefined,
    templateHash: undefined,
    controlPlaneNs: undefined,
    proxy: name === "" ? undefined : { inboundPort, metaPorts: [] },
    namedPorts,
    opaque: parsePortRanges(setting("opaque-ports") ?? from.opaquePorts, named),
    skipInbound: parsePortRanges(metadata?.annotations?.[SKIP_INBOUND] ?? "", named),
    requireIdentity: parsePortRanges(setting("proxy-require-identity-inbound-ports") ?? "", named),
    defaultPolicy: setting("default-inbound-policy"),
    probes: new Map(),
  };
}
