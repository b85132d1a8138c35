/** What to redirect for a pod: Linkerd's annotations and defaults. */

import { Cidr } from "#lib/addr/cidr.ts";
import { normalizeIp } from "#lib/addr/ip.ts";

/** What a pod's redirection needs. Ports are numbers or `a-b` ranges. */
export interface RedirectPlan {
  readonly uid: number;
  /** Where the proxy listens: 4143 and 4140 unless the pod says otherwise. */
  readonly inboundPort: number;
  readonly outboundPort: number;
  readonly skipInbound: readonly string[];
  readonly skipOutbound: readonly string[];
  /** Whose connections to the pod are left alone: `address/prefix`, written in one way. */
  readonly skipSubnets: readonly string[];
  /** As in the pod's spec: where it is false, the pod's users are others to the node than to themselves. */
  readonly hostUsers?: boolean;
}

/** Linkerd's proxy uid. */
export const PROXY_UID = 2102;
const PREFIX = "config.linkerd.io/";
const SKIP_INBOUND = "skip-inbound-ports";
/** The proxy's own. */
const OWN = ["4190", "4191"];

/** What is not redirected whatever the annotations say; of Linkerd's values `proxyInit`. */
export interface Exempt {
  readonly inboundPorts: readonly string[];
  readonly outboundPorts: readonly string[];
  /** Outbound ports of the control plane, which must reach the API server before its proxies are ready. */
  readonly apiServerPorts: readonly string[];
  readonly subnets: readonly string[];
}

/** Linkerd's defaults. */
export const EXEMPT: Exempt = {
  inboundPorts: ["4567", "4568"],
  outboundPorts: ["4567", "4568"],
  apiServerPorts: ["443", "6443"],
  subnets: [],
};

/** A list apart by commas, as annotations and flags have it. */
export const listed = (text: string): string[] =>
  text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");

/**
 * Plans a pod's redirection; the pod's annotations win over its namespace's. Inbound ports are skipped by the pod's
 * alone, as the controller reads them: it would give out an identity for a port that no proxy sees. The injector copies
 * the namespace's to the pods that it injects.
 */
export function planRedirect(
  pod: {
    readonly annotations: Readonly<Record<string, string>>;
    readonly namespaceAnnotations: Readonly<Record<string, string>>;
    readonly controlPlane: boolean;
    readonly hostUsers?: boolean | undefined;
  },
  exempt: Exempt = EXEMPT,
): RedirectPlan {
  const read = (name: string): string[] => {
    const fallback = name === SKIP_INBOUND ? undefined : pod.namespaceAnnotations[PREFIX + name];
    return listed(pod.annotations[PREFIX + name] ?? fallback ?? "");
  };
  const ports = (name: string, defaults: readonly string[]): string[] => {
    const all = [...defaults, ...read(name)];
    const wrong = all.find((each) => !isPortRange(each));
    if (wrong !== undefined) throw new Error(`Cannot plan redirection: ${name} has port ${wrong}`);
    return [...new Set(all.map(canonicalPorts))];
  };
  // What comes from an annotation ends up in a script that root runs: only what parses may pass.
  const subnets = [...exempt.subnets, ...read("skip-subnets")].map((each) => {
    const canonical = canonicalNetwork(each);
    if (canonical === undefined)
      throw new Error(`Cannot plan redirection: skip-subnets has ${each}, which is no network`);
    return canonical;
  });
  const uid = read("proxy-uid")[0] ?? String(PROXY_UID);
  if (!/^[1-9]\d{0,9}$/.test(uid)) throw new Error(`Cannot plan redirection: proxy-uid is ${uid}`);
  const port = (name: string, fallback: string): number => {
    const text = read(name)[0] ?? fallback;
    if (!isPortRange(text) || text.includes("-"))
      throw new Error(`Cannot plan redirection: ${name} is ${text}`);
    return Number(text);
  };
  return {
    uid: Number(uid),
    inboundPort: port("inbound-port", "4143"),
    outboundPort: port("outbound-port", "4140"),
    skipInbound: ports(SKIP_INBOUND, [...OWN, ...exempt.inboundPorts]),
    skipOutbound: ports(
      "skip-outbound-ports",
      pod.controlPlane ? [...exempt.outboundPorts, ...exempt.apiServerPorts] : exempt.outboundPorts,
    ),
    skipSubnets: [...new Set(subnets)],
    ...(pod.hostUsers !== undefined && { hostUsers: pod.hostUsers }),
  };
}

/** The one way of writing a network, which every rule writer takes. */
function canonicalNetwork(text: string): string | undefined {
  const [ip, bits] = Cidr.parse(text)?.text.split("/") ?? [];
  return ip === undefined ? undefined : `${normalizeIp(ip)}/${bits}`;
}

/** The one way of writing ports: nft and iptables read a number that begins with 0 as octal. */
const canonicalPorts = (text: string): string => text.split("-").map(Number).join("-");

/** A port, or a range that rises, of 1 to 65535. */
function isPortRange(text: string): boolean {
  const [, low, high] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [from, to] = [Number(low), Number(high ?? low)];
  return from >= 1 && from <= to && to <= 0xffff;
}

/** Whether a pod is meshed and no init container redirects it already. */
export function wantsRedirect(containers: readonly string[]): boolean {
  return containers.includes("linkerd-proxy") && !containers.includes("linkerd-init");
}
