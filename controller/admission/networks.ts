/** Networks in policy objects, and the objects that are lists of them: NetworkAuthentication (ADM5), EgressNetwork (ADM6). */

import { Cidr } from "#lib/addr/cidr.ts";
import { isText, list, object, optional, type Shape } from "#lib/k8s/shape.ts";

/** A network, less those inside it that are excepted. */
export interface Network {
  readonly cidr: string;
  readonly except?: readonly string[];
}

/** A list of networks, as the definitions have it. */
export const isNetworks: Shape = list(object({ cidr: isText, except: optional(list(isText)) }));

/** What is wrong with networks; `field` is where they stand. */
export function networkProblems(networks: readonly Network[], field: string): string[] {
  return networks.flatMap(({ cidr, except }, index) => {
    const net = Cidr.parse(cidr);
    if (net === undefined) return [`${field}[${index}].cidr: ${notNetwork(cidr)}`];
    return (except ?? []).flatMap((text) => {
      const exception = Cidr.parse(text);
      const at = `${field}[${index}].except`;
      if (exception === undefined) return [`${at}: ${notNetwork(text)}`];
      if (exception.includes(net)) return [`${at}: ${text} leaves nothing of ${cidr}`];
      return net.includes(exception) ? [] : [`${at}: ${text} is not inside of ${cidr}`];
    });
  });
}

const notNetwork = (text: string): string =>
  `"${text}" is no network: write it as 10.0.0.0/8 or fd00::/8`;

/** Spec of a NetworkAuthentication. */
export interface NetworkSpec {
  readonly networks: readonly Network[];
}

/** Spec of an EgressNetwork: without networks it is for all that is outside of the cluster. */
export interface EgressNetworkSpec {
  readonly networks?: readonly Network[] | null;
}

/** Whether a NetworkAuthentication's spec can be read. */
export const isNetworkSpec: Shape = object({ networks: isNetworks });
/** Whether an EgressNetwork's spec can be read. */
export const isEgressNetworkSpec: Shape = object({
  networks: optional(isNetworks),
  trafficPolicy: isText,
});

/** ADM5: at least one network, and exceptions inside of theirs. */
export const networkAuthenticationProblems = ({ networks }: NetworkSpec): string[] =>
  listProblems(networks);

/** ADM6: as ADM5, where networks are given at all. */
export const egressNetworkProblems = ({ networks }: EgressNetworkSpec): string[] =>
  networks === undefined || networks === null ? [] : listProblems(networks);

const listProblems = (networks: readonly Network[]): string[] =>
  networks.length === 0
    ? ["spec.networks: it is empty: at least one network"]
    : networkProblems(networks, "spec.networks");
