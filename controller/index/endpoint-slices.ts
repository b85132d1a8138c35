/** The endpoints of a Service's port out of its EndpointSlices (DST1, DST3, DST10, DST11). */

import type { EndpointLookup } from "../core/catalog.ts";
import {
  type Endpoint,
  type EndpointOptions,
  type EndpointSet,
  endpointOf,
} from "../core/endpoint.ts";
import type { Workload } from "../core/workload.ts";
import type { KeptEndpoint, KeptService, KeptSlice } from "./kept-objects.ts";
import { portsOf } from "./services.ts";

/** What endpoints are made of. */
export type EndpointSource = {
  readonly service: KeptService | undefined;
  readonly slices: readonly KeptSlice[];
  readonly workload: (name: {
    name: string;
    namespace: string;
    external: boolean;
  }) => Workload | undefined;
  readonly clientZone: string;
  readonly options: EndpointOptions & { readonly ipv6: boolean };
};

/** The ready endpoints of a view. */
export function endpointSet(query: EndpointLookup, source: EndpointSource): EndpointSet {
  const { service, slices } = source;
  const labels = { service: query.name, namespace: query.namespace };
  const endpoints = new Map<string, Endpoint>();
  if (service === undefined) return { exists: false, labels, endpoints };
  const all = ofOneFamily(slices, source.options).flatMap((slice) =>
    readySlice(slice, { query, service }),
  );
  for (const { endpoint, port } of nearTo(query.node, { all, service, zone: source.clientZone }))
    for (const ip of endpoint.addresses) {
      const made = makeEndpoint(endpoint, { ip, port, query, source });
      if (made !== undefined) endpoints.set(`${ip}/${port}`, made);
    }
  return { exists: true, labels, endpoints };
}

/** Those that a client of a node is given. */
function nearTo(
  node: string | undefined,
  { all, service, zone }: { all: readonly Ready[]; service: KeptService; zone: string },
): readonly Ready[] {
  if (node === undefined) return all;
  if (isLocal(service)) return all.filter(({ endpoint }) => endpoint.nodeName === node);
  return inZone(all, zone);
}

/** Whether a Service's clients are given the endpoints of their own node only. */
export const isLocal = (service: KeptService | undefined): boolean =>
  service?.spec?.internalTrafficPolicy === "Local";

/** What has both families is reached by IPv6, unless that is switched off (DST11); what names nobody stays. */
function ofOneFamily(
  slices: readonly KeptSlice[],
  { ipv6 }: EndpointSource["options"],
): readonly KeptSlice[] {
  const of = (type: string): readonly KeptSlice[] =>
    slices.filter(({ addressType }) => addressType === type);
  const [first, second] = ipv6 ? [of("IPv6"), of("IPv4")] : [of("IPv4"), of("IPv6")];
  const all = first.flatMap(({ endpoints = [] }) => endpoints);
  if (all.length === 0) return second;
  const named = new Set(all.flatMap((each) => nameOf(each) ?? []));
  const stays = (each: KeptEndpoint): boolean => {
    const name = nameOf(each);
    if (name === undefined) return true;
    // Without IPv6 a pod that has nothing else counts only where all do.
    return !named.has(name) && (ipv6 || each.targetRef?.kind !== "Pod");
  };
  const rest = second.map(({ endpoints = [], ...slice }) => ({
    ...slice,
    endpoints: endpoints.filter(stays),
  }));
  return [...first, ...rest];
}

/** What an endpoint is of: a pod, or a workload outside of the cluster. */
const nameOf = ({ targetRef }: KeptEndpoint): string | undefined =>
  targetRef?.name && `${targetRef.kind}/${targetRef.namespace ?? ""}/${targetRef.name}`;

type Ready = { readonly endpoint: KeptEndpoint; readonly port: number };

function readySlice(
  slice: KeptSlice,
  { query, service }: { readonly query: EndpointLookup; readonly service: KeptService },
): Ready[] {
  const port = targetPort(slice, { query, service });
  if (port === undefined) return [];
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .filter(({ hostname }) => query.instance === undefined || hostname === query.instance)
    .map((endpoint) => ({ endpoint, port }));
}

/** The slice's port by the name of the Service's; a port that the Service does not have is taken as it is. */
function targetPort(
  slice: KeptSlice,
  { query, service }: { readonly query: EndpointLookup; readonly service: KeptService },
): number | undefined {
  const known = portsOf(service.spec).get(query.port);
  if (known === undefined) return query.port;
  return slice.ports?.find(({ name }) => (name ?? "") === (known.name ?? ""))?.port;
}

/** Hints count only where every endpoint has one, and only while they leave any endpoint. */
function inZone(all: readonly Ready[], zone: string): readonly Ready[] {
  const hinted = all.every(({ endpoint }) => (endpoint.hints?.forZones ?? []).length > 0);
  if (zone === "" || !hinted) return all;
  const mine = all.filter(({ endpoint }) =>
    endpoint.hints?.forZones?.some(({ name }) => name === zone),
  );
  return mine.length > 0 ? mine : all;
}

function makeEndpoint(
  { targetRef, zone }: KeptEndpoint,
  at: {
    readonly ip: string;
    readonly port: number;
    readonly query: EndpointLookup;
    readonly source: EndpointSource;
  },
): Endpoint | undefined {
  const { ip, port, query, source } = at;
  const external = targetRef?.kind === "ExternalWorkload";
  const name = external || targetRef?.kind === "Pod" ? targetRef.name : undefined;
  const namespace = targetRef?.namespace ?? query.namespace;
  const workload = name === undefined ? undefined : source.workload({ name, namespace, external });
  // A slice can be ahead of the workloads: the workload's own change wakes this view again.
  if (name !== undefined && workload === undefined) return undefined;
  const where = { ip, port, workload, zone: zone ?? "", clientZone: source.clientZone };
  return endpointOf(where, source.options);
}
