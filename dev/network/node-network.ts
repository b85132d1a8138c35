/** A node's own network namespace: pods hang on it, Services and the API live in it. */

import { writeFileSync } from "node:fs";
import { inNetns } from "#lib/sys/netns.ts";
import type { Networks } from "./ip-families.ts";

/** The node's place in the network. */
export type NodeNetwork = {
  /** Path of the namespace. */
  readonly netns: string;
  /** The node's addresses, the primary one first: the gateways of its pods. */
  readonly ips: readonly [string, ...string[]];
  /** How pods are connected, as a CNI configuration list. */
  readonly config: string;
};

const NAME = "bunkerd-dev";
const FORWARDING = { IPv4: "ipv4/ip_forward", IPv6: "ipv6/conf/all/forwarding" } as const;
const ALL = { IPv4: "0.0.0.0/0", IPv6: "::/0" } as const;
const BITS = { IPv4: 32, IPv6: 128 } as const;

/**
 * Fills a fresh namespace: an interface of the node's addresses, and forwarding. Pods are connected point to point, so
 * that all their traffic is routed through the node and Services hold between neighbours as well; a bridge would need
 * the machine's br_netfilter for that. Throws where the kernel has not what a family needs.
 */
export function configureNode(netns: string, networks: Networks): NodeNetwork {
  const commands = [
    // What is refused to the node itself comes back by it.
    ["ip", "link", "set", "lo", "up"],
    ["ip", "link", "add", "node0", "type", "veth", "peer", "name", "node1"],
    ["ip", "link", "set", "node0", "up"],
    ["ip", "link", "set", "node1", "up"],
    ...networks.flatMap(({ family, nodeIp, serviceCidr }) => [
      ["ip", "address", "add", `${nodeIp}/${BITS[family]}`, "dev", "node0"],
      // Never left by: the rules of Services turn such packets to a pod before.
      ["ip", "route", "add", serviceCidr, "dev", "node0"],
    ]),
  ];
  inNetns(netns, () => {
    for (const command of commands) run(command);
    for (const { family } of networks) writeFileSync(`/proc/sys/net/${FORWARDING[family]}`, "1");
  });
  const [first, ...others] = networks;
  const ips = [first.nodeIp, ...others.map(({ nodeIp }) => nodeIp)] as const;
  return { netns, ips, config: configOf(networks) };
}

function configOf(networks: Networks): string {
  const ipam = {
    type: "host-local",
    dataDir: "/run/cni",
    ranges: networks.map(({ podCidr, nodeIp }) => [{ subnet: podCidr, gateway: nodeIp }]),
    routes: networks.map(({ family }) => ({ dst: ALL[family] })),
  };
  const list = { cniVersion: "1.0.0", name: NAME, plugins: [{ type: "ptp", ipMasq: false, ipam }] };
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

/** Replaces the rules of Services in the namespace. Throws with what nft says. */
export function applyRules(netns: string, script: string): void {
  inNetns(netns, () => run(["nft", "-f", "-"], script));
}

function run(command: string[], input = ""): void {
  const done = Bun.spawnSync(command, { stdin: Buffer.from(input) });
  if (done.exitCode !== 0)
    throw new Error(`Cannot run ${command.join(" ")}: ${done.stderr.toString().trim()}`);
}
