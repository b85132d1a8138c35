/** A node's own network namespace: pods hang on it, Services and the API live in it. */

import { writeFileSync } from "node:fs";
import { inNetns } from "#lib/sys/netns.ts";

/** The node's place in the network. All IPv4. */
export type NodeNetwork = {
  /** Path of the namespace. */
  readonly netns: string;
  /** The node's address: the gateway of its pods. */
  readonly ip: string;
  readonly podCidr: string;
  /** How pods are connected, as a CNI configuration list. */
  readonly config: string;
};

const NAME = "bunkerd-dev";
const IP = "10.244.0.1";
const POD_CIDR = "10.244.0.0/24";

/**
 * Fills a fresh namespace: an interface of the node's address, and forwarding. Pods are connected point to point, so
 * that all their traffic is routed through the node and Services hold between neighbours as well; a bridge would need
 * the machine's br_netfilter for that.
 */
export function configureNode(netns: string, serviceCidr: string): NodeNetwork {
  const commands = [
    ["ip", "link", "add", "node0", "type", "veth", "peer", "name", "node1"],
    ["ip", "address", "add", `${IP}/32`, "dev", "node0"],
    ["ip", "link", "set", "node0", "up"],
    ["ip", "link", "set", "node1", "up"],
    // Never left by: the rules of Services turn such packets to a pod before.
    ["ip", "route", "add", serviceCidr, "dev", "node0"],
  ];
  inNetns(netns, () => {
    for (const command of commands) run(command);
    writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  });
  return { netns, ip: IP, podCidr: POD_CIDR, config: configOf() };
}

function configOf(): string {
  const ipam = {
    type: "host-local",
    dataDir: "/run/cni",
    ranges: [[{ subnet: POD_CIDR, gateway: IP }]],
    routes: [{ dst: "0.0.0.0/0" }],
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
