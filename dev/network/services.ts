/** Services as an nft script for the node's namespace: what kube-proxy does on a cluster. Pure. */

import { familyOf } from "#lib/addr/ip.ts";
import { formatSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import { SERVICE_NAME } from "#lib/k8s/resource.ts";
import type { Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import type { FamilyNetwork } from "./ip-families.ts";

const TABLE = "bunkerd-services";

/** One port of a Service at one of its addresses, and the ready endpoints behind it. */
export type ServiceRoute = {
  readonly protocol: "tcp" | "udp";
  readonly ip: string;
  readonly port: number;
  readonly endpoints: readonly SocketAddr[];
};

/** The routes of all Services that have an address of their own, one for each of them, in a fixed order. */
export function serviceRoutes(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
): ServiceRoute[] {
  const bySlice = Map.groupBy(
    slices,
    ({ metadata }) => `${metadata?.namespace}/${metadata?.labels?.[SERVICE_NAME]}`,
  );
  return services
    .flatMap((service) => {
      const { name, namespace } = service.metadata ?? {};
      return routesOf(service, bySlice.get(`${namespace}/${name}`) ?? []);
    })
    .toSorted((a, b) => `${a.ip} ${a.port}`.localeCompare(`${b.ip} ${b.port}`));
}

function routesOf({ spec }: Service, slices: readonly EndpointSlice[]): ServiceRoute[] {
  return addressesOf(spec).flatMap((ip) =>
    (spec?.ports ?? []).flatMap(({ name = "", port, protocol = "TCP" }) => {
      if (protocol === "SCTP") return [];
      const endpoints = slices
        .filter(({ addressType }) => addressType === familyOf(ip))
        .flatMap((slice) => endpointsOf(slice, name));
      return [{ protocol: protocol === "UDP" ? "udp" : "tcp", ip, port, endpoints } as const];
    }),
  );
}

/** The addresses that a Service has of its own: none where it is headless. */
export function addressesOf(spec: Service["spec"]): readonly string[] {
  const { clusterIP = "", clusterIPs = [clusterIP] } = spec ?? {};
  return clusterIPs.filter((ip) => ip !== "" && ip !== "None");
}

function endpointsOf(slice: EndpointSlice, portName: string): SocketAddr[] {
  const port = slice.ports?.find(({ name = "" }) => name === portName)?.port;
  if (port === undefined) return [];
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.slice(0, 1).map((ip) => ({ ip, port })));
}

/** nftables' word for a family. */
const WORD = { IPv4: "ip", IPv6: "ip6" } as const;

/** Where Services of a family have their addresses. */
export type ServiceNetwork = Pick<FamilyNetwork, "family" | "serviceCidr">;

/**
 * A whole table for each family; running them replaces the last ones in one step. A Service without endpoints refuses,
 * and so does an address that no Service has: who is not answered asks again on the same connection, for which the
 * kernel has decided that it leads nowhere.
 */
export function renderServices(
  routes: readonly ServiceRoute[],
  networks: readonly ServiceNetwork[],
): string {
  return networks
    .map((network) =>
      renderTable(
        network,
        routes.filter(({ ip }) => familyOf(ip) === network.family),
      ),
    )
    .join("");
}

function renderTable(
  { family, serviceCidr }: ServiceNetwork,
  routes: readonly ServiceRoute[],
): string {
  const word = WORD[family];
  const served = routes.filter(({ endpoints }) => endpoints.length > 0);
  const unserved = routes.filter(({ endpoints }) => endpoints.length === 0);
  const own = new Set(served.flatMap(({ endpoints }) => endpoints.map(({ ip }) => ip)));
  return `table ${word} ${TABLE}
delete table ${word} ${TABLE}
table ${word} ${TABLE} {
  chain services {
${served.map((route) => `    ${dnat(route)}\n`).join("")}  }
  chain unserved {
${unserved.map((route) => `    ${match(route)} reject\n`).join("")}    ${word} daddr ${serviceCidr} reject
  }
  chain prerouting { type nat hook prerouting priority -100; jump services; }
  chain output { type nat hook output priority -100; jump services; }
  chain forward { type filter hook forward priority 0; jump unserved; }
  chain local { type filter hook output priority 0; jump unserved; }
  chain hairpin {
    type nat hook postrouting priority 100;
${[...own].map((ip) => `    ${word} saddr ${ip} ${word} daddr ${ip} masquerade\n`).join("")}  }
}
`;
}

const match = ({ protocol, ip, port }: ServiceRoute): string =>
  `${WORD[familyOf(ip)]} daddr ${ip} ${protocol} dport ${port}`;

function dnat(route: ServiceRoute): string {
  const { endpoints } = route;
  const [only] = endpoints;
  if (endpoints.length === 1 && only !== undefined)
    return `${match(route)} dnat to ${formatSocketAddr(only)}`;
  const choices = endpoints.map(({ ip, port }, index) => `${index} : ${ip} . ${port}`);
  return `${match(route)} dnat ${WORD[familyOf(route.ip)]} addr . port to numgen random mod ${endpoints.length} map { ${choices.join(", ")} }`;
}
