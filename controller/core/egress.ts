/** EgressNetworks: which addresses outside of the cluster one is about, and whether clients may go there (OUT10). */

import type { Cidr } from "#lib/addr/cidr.ts";
import { type Aged, byAge } from "./route.ts";
import type { ParentTraffic } from "./traffic.ts";
import type { Ports } from "./workload.ts";

/** A network, less what is excepted of it. */
export type EgressRange = { readonly cidr: Cidr; readonly except: readonly Cidr[] };

/** An EgressNetwork. */
export type EgressNetwork = Aged & {
  readonly networks: readonly EgressRange[];
  /** What holds where no route does. */
  readonly allows: boolean;
  readonly opaque: Ports;
  readonly traffic: ParentTraffic;
  /** What of it is not known or cannot be read: it then denies all that is outside. */
  readonly fault: string | undefined;
};

/** The EgressNetwork of an address: of several the one with the smallest network around it, then the older, then by name. */
export function egressOf(
  ip: string,
  networks: readonly EgressNetwork[],
): EgressNetwork | undefined {
  const around = networks.flatMap((network) => {
    const lengths = network.networks.flatMap((range) => lengthAround(ip, range) ?? []);
    return lengths.length === 0 ? [] : [{ network, length: Math.max(...lengths) }];
  });
  const [closest] = around.sort((a, b) => b.length - a.length || byAge(a.network, b.network));
  return closest?.network;
}

/** The length of a network's prefix; undefined where the address is not in it. */
function lengthAround(ip: string, { cidr, except }: EgressRange): number | undefined {
  if (!cidr.contains(ip) || except.some((each) => each.contains(ip))) return undefined;
  return Number(cidr.text.split("/")[1]);
}

/** Why an EgressNetwork takes no routes; undefined where it does: it must be about what is outside of the cluster, and about something that no older one has (INB12). */
export function egressRefusal(
  network: EgressNetwork,
  from: {
    readonly clusterNetworks: readonly Cidr[];
    /** Those of its namespace; it may be among them. */
    readonly others: readonly EgressNetwork[];
  },
): EgressRefusal | undefined {
  if (network.fault !== undefined) return { reason: "UnsupportedValue", message: network.fault };
  const reason = "EgressReasonNetworkOverlap";
  const { clusterNetworks, others } = from;
  if (network.networks.some((range) => clusterNetworks.some((cidr) => overlaps(range, cidr))))
    return { reason, message: "networks overlap with clusterNetworks" };
  const older = others.filter((other) => byAge(other, network) < 0);
  const hides = older.find(({ networks }) =>
    network.networks.every((range) => networks.some((other) => hidesWhole(other, range))),
  );
  if (hides === undefined) return undefined;
  return {
    reason,
    message: `networks overlap with those of the older EgressNetwork ${hides.name}`,
  };
}

/** By Linkerd's reasons. */
type EgressRefusal = {
  readonly reason: "UnsupportedValue" | "EgressReasonNetworkOverlap";
  readonly message: string;
};

/** Whether a range has addresses of a network: of two networks that meet one lies in the other. */
function overlaps({ cidr, except }: EgressRange, network: Cidr): boolean {
  const common = cidr.includes(network) ? network : network.includes(cidr) ? cidr : undefined;
  return common !== undefined && !except.some((each) => each.includes(common));
}

/** Whether another range of the same network leaves nothing to it: the smaller network would win. */
function hidesWhole(other: EgressRange, { cidr, except }: EgressRange): boolean {
  return (
    other.cidr.includes(cidr) &&
    cidr.includes(other.cidr) &&
    other.except.every((hole) => except.some((own) => own.includes(hole)))
  );
}
