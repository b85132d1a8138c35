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

/** Which families a cluster has, as kind calls it; in `dual` IPv4 is the primary one. */
export type IpFamilyChoice = "ipv4" | "ipv6" | "dual";

/** The networks of a cluster, the primary family's first. */
export type Networks = readonly [FamilyNetwork, ...FamilyNetwork[]];

const CHOICES: ReadonlyMap<string, Networks> = new Map([
  ["ipv4", [IPV4]],
  ["ipv6", [IPV6]],
  ["dual", [IPV4, IPV6]],
] satisfies [IpFamilyChoice, Networks][]);

/** The names of the choices. */
export const IP_FAMILIES: readonly string[] = [...CHOICES.keys()];

/** Reads a choice; undefined where the text is none. */
export function parseIpFamily(text: string): IpFamilyChoice | undefined {
  return CHOICES.has(text) ? (text as IpFamilyChoice) : undefined;
}

/** The networks of a choice. */
export const networksOf = (choice: IpFamilyChoice): Networks => CHOICES.get(choice) ?? [IPV4];
