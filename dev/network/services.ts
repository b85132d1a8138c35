/** Services as an nft script for the node's namespace: what kube-proxy does on a cluster. Pure. */

import { SERVICE_NAME } from "#lib/k8s/resource.ts";
import type { Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";

const TABLE = "bunkerd-services";

type Place = { readonly ip: string; readonly port: number };

/** One port of a Service: its address, and the ready endpoints behind it. */
export type ServiceRoute = {
  readonly protocol: "tcp" | "udp";
  readonly ip: string;
  readonly port: number;
  readonly endpoints: readonly Place[];
};

/** The routes of all Services that have an address of their own, in a fixed order. IPv4 only, as dev mode's network is. */
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
  const ip = spec?.clusterIP;
  if (ip === undefined || ip === "" || ip === "None") return [];
  return (spec?.ports ?? []).flatMap(({ name = "", port, protocol = "TCP" }) => {
    if (protocol === "SCTP") return [];
    const endpoints = slices.flatMap((slice) => endpointsOf(slice, name));
    return [{ protocol: protocol === "UDP" ? "udp" : "tcp", ip, port, endpoints } as const];
  });
}

function endpointsOf(slice: EndpointSlice, portName: string): Place[] {
  const port = slice.ports?.find(({ name = "" }) => name === portName)?.port;
  if (slice.addressType !== "IPv4" || port === undefined) return [];
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.slice(0, 1).map((ip) => ({ ip, port })));
}

/** The whole table; running it replaces the last one in one step. A Service without endpoints refuses. */
export function renderServices(routes: readonly ServiceRoute[]): string {
  const served = routes.filter(({ endpoints }) => endpoints.length > 0);
  const unserved = routes.filter(({ endpoints }) => endpoints.length === 0);
  const own = new Set(served.flatMap(({ endpoints }) => endpoints.map(({ ip }) => ip)));
  return `table ip ${TABLE}
delete table ip ${TABLE}
table ip ${TABLE} {
  chain services {
${served.map((route) => `    ${dnat(route)}\n`).join("")}  }
  chain unserved {
${unserved.map((route) => `    ${match(route)} reject\n`).join("")}  }
  chain prerouting { type nat hook prerouting priority -100; jump services; }
  chain output { type nat hook output priority -100; jump services; }
  chain forward { type filter hook forward priority 0; jump unserved; }
  chain local { type filter hook output priority 0; jump unserved; }
  chain hairpin {
    type nat hook postrouting priority 100;
${[...own].map((ip) => `    ip saddr ${ip} ip daddr ${ip} masquerade\n`).join("")}  }
}
`;
}

const match = ({ protocol, ip, port }: ServiceRoute): string =>
  `ip daddr ${ip} ${protocol} dport ${port}`;

function dnat(route: ServiceRoute): string {
  const { endpoints } = route;
  const [only] = endpoints;
  if (endpoints.length === 1 && only !== undefined)
    return `${match(route)} dnat to ${only.ip}:${only.port}`;
  const choices = endpoints.map(({ ip, port }, index) => `${index} : ${ip} . ${port}`);
  return `${match(route)} dnat ip addr . port to numgen random mod ${endpoints.length} map { ${choices.join(", ")} }`;
}
