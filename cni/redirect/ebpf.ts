/** A redirection plan as what the kernel programs' maps hold. */

import { isIpv6 } from "#lib/addr/ip.ts";
import type { Direction, PortRange, SkippedNetwork } from "../../bpf/layout.ts";
import type { PodRedirect } from "../../bpf/redirect.ts";
import type { RedirectPlan } from "./plan.ts";

/** What the plan does not know: the pod's addresses, and whose connections reach the application untouched. */
export interface PodSurroundings {
  readonly ips: readonly string[];
  /** The node's addresses where the kubelet's connections cannot be told apart; else none. */
  readonly probeSources: readonly string[];
}

/** The entries of a pod. */
export function planEntries(
  plan: RedirectPlan,
  { ips, probeSources }: PodSurroundings,
): PodRedirect {
  const ip4 = ips.find((ip) => !isIpv6(ip));
  const ip6 = ips.find(isIpv6);
  return {
    uid: plan.uid,
    inboundPort: plan.inboundPort,
    outboundPort: plan.outboundPort,
    ...(ip4 !== undefined && { ip4 }),
    ...(ip6 !== undefined && { ip6 }),
    skipPorts: [...ranges("inbound", plan.skipInbound), ...ranges("outbound", plan.skipOutbound)],
    skipNetworks: [...plan.skipSubnets.map(network), ...probeSources.map(network)],
  };
}

function ranges(direction: Direction, ports: readonly string[]): PortRange[] {
  return ports.map((text) => {
    const [from = "", to = from] = text.split("-");
    return { direction, from: Number(from), to: Number(to) };
  });
}

/** Whose connections to the pod are left alone. */
function network(text: string): SkippedNetwork {
  const [ip = "", prefix] = text.split("/");
  return { direction: "inbound", ip, prefix: Number(prefix ?? (isIpv6(ip) ? 128 : 32)) };
}
