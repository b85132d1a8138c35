/** The address families of a cluster, and its networks in each. */

import type { IpFamily } from "#lib/addr/ip.ts";

/** Networks of one family. */
export type FamilyNetwork = {
  readonly family: IpFamily;
  /** The node's address: the gateway of its pods. */
  readonly nodeIp: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  /** The `kubernetes` Service's, where this family is the primary one. */
  readonly kubernetesIp: string;
};

/** kind's networks: whoever knows them there knows them here. */
const IPV4: FamilyNetwork = {
  family: "IPv4",
  nodeIp: "10.244.0.1",
  podCidr: "10.244.0.0/24",
  serviceCidr: "10.96.0.0/16",
  kubernetesIp: "10.96.0.1",
};
const IPV6: FamilyNetwork = {
  family: "IPv6",
  nodeIp: "fd00:10:244::1",
  podCidr: "fd00:10:244::/64",
  serviceCidr: "fd00:10:96::/112",
  kubernetesIp: "fd00:10:96::1",
};

/** The choices, as kind calls them. */
export const IP_FAMILIES = {
  ipv4: [IPV4],
  ipv6: [IPV6],
  dual: [IPV4, IPV6],
} as const satisfies Readonly<Record<string, readonly [FamilyNetwork, ...FamilyNetwork[]]>>;

/** Which families a cluster has: `ipv4`, `ipv6`, or `dual` with IPv4 as the primary one. */
export type IpFamilyChoice = keyof typeof IP_FAMILIES;

/** Reads a choice; undefined where the text is none. */
export function parseIpFamily(text: string): IpFamilyChoice | undefined {
  return Object.hasOwn(IP_FAMILIES, text) ? (text as IpFamilyChoice) : undefined;
}

/** The networks of a choice, the primary family first. */
export const networksOf = (choice: IpFamilyChoice): readonly [FamilyNetwork, ...FamilyNetwork[]] =>
  IP_FAMILIES[choice];
