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
