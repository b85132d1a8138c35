/** EndpointSlices of a Service for the workloads outside of the cluster that it selects (control-plane.md, section 11); what is written follows from the objects alone. */

import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { isIpv6 } from "#lib/addr/ip.ts";
import { SERVICE_NAME } from "#lib/k8s/resource.ts";
import { isObject } from "#lib/k8s/shape.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { externalIps, externalPorts } from "../index/external-workloads.ts";
import { keptSlice } from "../index/kept.ts";
import type { KeptPolicy, KeptService, KeptSlice } from "../index/kept-objects.ts";

/** The label that says whose slices they are, and its value. */
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const MANAGER = "linkerd-external-workloads-controller";

/** Endpoints in one slice, as Kubernetes has it. */
const SLICE_LIMIT = 100;
const HASH_DIGITS = 10;

/** What is to be done, in this order. */
export type SlicePlan = {
  readonly create: readonly EndpointSlice[];
  readonly replace: readonly EndpointSlice[];
  readonly remove: readonly string[];
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
    remove: [...known.keys()].flatMap((name) =>
      name === undefined || names.has(name) ? [] : name,
    ),
  };
}

/** By what is read of slices. */
function isSame(before: KeptSlice, after: EndpointSlice): boolean {
  const { addressType, ports, endpoints } = keptSlice(after);
  return (
    before.addressType === addressType &&
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
      const endpoint = endpointOf(workload, family);
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
  { metadata }: KeptService,
  id: string,
  { family, ports, all }: Group,
): EndpointSlice[] {
  const { name = "", namespace = "", uid = "" } = metadata ?? {};
  const parts = Array.from({ length: Math.ceil(all.length / SLICE_LIMIT) }, (_, at) =>
    all.slice(at * SLICE_LIMIT, (at + 1) * SLICE_LIMIT),
  );
  return parts.map((endpoints, at) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `linkerd-external-${name}-${id}-${at}`,
      namespace,
      labels: { [SERVICE_NAME]: name, [MANAGED_BY]: MANAGER },
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

function endpointOf(workload: KeptPolicy, family: "IPv4" | "IPv6"): Endpoint | undefined {
  const { name = "", namespace = "", uid } = workload.metadata ?? {};
  const ip = externalIps(workload).find((each) => isIpv6(each) === (family === "IPv6"));
  if (ip === undefined) return undefined;
  return {
    addresses: [ip],
    conditions: { ready: isReady(workload) },
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

/** The Service's ports as the workload has them; one whose name it does not know is not there. */
function portsOf({ spec }: KeptService, workload: KeptPolicy): Ports {
  const named = externalPorts(workload);
  return (spec?.ports ?? []).flatMap(({ name = "", port, targetPort = port, protocol = "TCP" }) => {
    const number = typeof targetPort === "string" ? named.get(targetPort)?.[0] : targetPort;
    return number === undefined || protocol !== "TCP" ? [] : [{ name, port: number, protocol }];
  });
}
