/** EndpointSlices of a Service for the workloads outside of the cluster that it selects (control-plane.md, section 11); what is written follows from the objects alone. */

import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { isIpv6 } from "#lib/addr/ip.ts";
import { SERVICE_NAME } from "#lib/k8s/resource.ts";
import { isObject } from "#lib/k8s/shape.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { externalIps, listedPorts } from "../index/external-workloads.ts";
import { keptSlice } from "../index/kept.ts";
import type { KeptPolicy, KeptService, KeptSlice } from "../index/kept-objects.ts";

/** The label that says whose slices they are, and its value. */
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const MANAGER = "linkerd-external-workloads-controller";

/** The label of slices of a Service without an address of its own. */
const HEADLESS = "service.kubernetes.io/headless";
/** The label that says in which zone a workload is. */
const ZONE = "topology.kubernetes.io/zone";

/** Endpoints in one slice, and addresses of one endpoint, as Kubernetes has it. */
const SLICE_LIMIT = 100;
const ADDRESSES_LIMIT = 100;
const HASH_DIGITS = 10;

/** What is to be done, in this order. */
export type SlicePlan = {
  readonly create: readonly EndpointSlice[];
  readonly replace: readonly EndpointSlice[];
  readonly remove: readonly KeptSlice[];
};

/** Whether a slice is of this controller. */
export const isOurs = ({ metadata }: KeptSlice): boolean =>
  metadata?.labels?.[MANAGED_BY] === MANAGER;

/** Whether a Service takes a workload: one without a selector takes none. */
export function takes({ spec }: KeptService, { metadata }: KeptPolicy): boolean {
  const wanted = Object.entries(spec?.selector ?? {});
  if (wanted.length === 0 || spec?.type === "ExternalName") return false;
  return wanted.every(([key, value]) => metadata?.labels?.[key] === value);
}

/** What leads from the slices that there are to those that should be. */
export function planSlices(
  service: KeptService | undefined,
  from: { readonly workloads: readonly KeptPolicy[]; readonly slices: readonly KeptSlice[] },
): SlicePlan {
  const wanted = service === undefined ? [] : slicesOf(service, from.workloads);
  const known = new Map(from.slices.filter(isOurs).map((each) => [each.metadata?.name, each]));
  const named = (slice: EndpointSlice): KeptSlice | undefined => known.get(slice.metadata?.name);
  const changed = wanted.filter((slice) => {
    const before = named(slice);
    return before !== undefined && !isSame(before, slice);
  });
  const names = new Set(wanted.map(({ metadata }) => metadata?.name));
  return {
    create: wanted.filter((slice) => named(slice) === undefined),
    replace: changed.map((slice) => ({
      ...slice,
      metadata: {
        ...slice.metadata,
        resourceVersion: named(slice)?.metadata?.resourceVersion ?? "",
      },
    })),
    remove: [...known.values()].filter(({ metadata }) => !names.has(metadata?.name)),
  };
}

/** By what is read of slices, here and by others. */
function isSame(before: KeptSlice, after: EndpointSlice): boolean {
  const { addressType, ports, endpoints } = keptSlice(after);
  return (
    before.addressType === addressType &&
    before.metadata?.labels?.[HEADLESS] === after.metadata?.labels?.[HEADLESS] &&
    isDeepStrictEqual(before.ports ?? [], ports ?? []) &&
    isDeepStrictEqual(before.endpoints ?? [], endpoints ?? [])
  );
}

type Ports = NonNullable<EndpointSlice["ports"]>;
type Endpoint = NonNullable<EndpointSlice["endpoints"]>[number];
type Group = { readonly family: "IPv4" | "IPv6"; readonly ports: Ports; readonly all: Endpoint[] };

/** Endpoints with the same ports share slices. */
function slicesOf(service: KeptService, workloads: readonly KeptPolicy[]): EndpointSlice[] {
  const taken = workloads.filter((each) => takes(service, each));
  const groups = new Map<string, Group>();
  for (const workload of taken.sort(byName))
    for (const family of ["IPv4", "IPv6"] as const) {
      const endpoint = endpointOf(workload, { family, headless: isHeadless(service) });
      if (endpoint === undefined || !speaks(service, family)) continue;
      const ports = portsOf(service, workload);
      const id = hashOf(`${family} ${JSON.stringify(ports)}`);
      const group = groups.get(id) ?? { family, ports, all: [] };
      groups.set(id, group);
      group.all.push(endpoint);
    }
  return [...groups].flatMap(([id, group]) => inSlices(service, id, group));
}

function inSlices(
  service: KeptService,
  id: string,
  { family, ports, all }: Group,
): EndpointSlice[] {
  const { name = "", namespace = "", uid = "" } = service.metadata ?? {};
  const headless = isHeadless(service) && { [HEADLESS]: "" };
  const parts = Array.from({ length: Math.ceil(all.length / SLICE_LIMIT) }, (_, at) =>
    all.slice(at * SLICE_LIMIT, (at + 1) * SLICE_LIMIT),
  );
  return parts.map((endpoints, at) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `linkerd-external-${name}-${id}-${at}`,
      namespace,
      labels: { [SERVICE_NAME]: name, [MANAGED_BY]: MANAGER, ...headless },
      ownerReferences: [{ apiVersion: "v1", kind: "Service", name, uid, controller: true }],
    },
    addressType: family,
    ports,
    endpoints,
  }));
}

const byName = (a: KeptPolicy, b: KeptPolicy): number =>
  (a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1;

const hashOf = (text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, HASH_DIGITS);

/** A Service that does not say its families has those of its endpoints. */
function speaks({ spec }: KeptService, family: "IPv4" | "IPv6"): boolean {
  const families = spec?.ipFamilies ?? [];
  return families.length === 0 || families.includes(family);
}

const isHeadless = ({ spec }: KeptService): boolean => spec?.clusterIP === "None";

/** One that is no label of DNS would have the API refuse the whole slice. */
const HOSTNAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function endpointOf(
  workload: KeptPolicy,
  { family, headless }: { readonly family: Group["family"]; readonly headless: boolean },
): Endpoint | undefined {
  const { name = "", namespace = "", uid, labels } = workload.metadata ?? {};
  const ips = externalIps(workload).filter((each) => isIpv6(each) === (family === "IPv6"));
  if (ips.length === 0) return undefined;
  const zone = labels?.[ZONE];
  return {
    addresses: [...new Set(ips)].slice(0, ADDRESSES_LIMIT),
    conditions: { ready: isReady(workload) },
    ...(headless && HOSTNAME.test(name) && { hostname: name }),
    ...(zone && { zone }),
    targetRef: { kind: "ExternalWorkload", name, namespace, ...(uid !== undefined && { uid }) },
  };
}

/** Only what is said to be ready is gone to. */
function isReady({ status }: KeptPolicy): boolean {
  const conditions = isObject(status) ? status["conditions"] : undefined;
  return (
    Array.isArray(conditions) &&
    conditions.some(
      (each) => isObject(each) && each["type"] === "Ready" && each["status"] === "True",
    )
  );
}

/** The Service's ports as the workload has them; one that it does not list, by name or number, is not there. */
function portsOf({ spec }: KeptService, workload: KeptPolicy): Ports {
  const listed = listedPorts(workload);
  return (spec?.ports ?? []).flatMap(({ name = "", port, targetPort = port, protocol = "TCP" }) => {
    const found = listed.find((each) =>
      typeof targetPort === "string" ? each.name === targetPort : each.port === targetPort,
    );
    return found === undefined || protocol !== "TCP" ? [] : [{ name, port: found.port, protocol }];
  });
}
