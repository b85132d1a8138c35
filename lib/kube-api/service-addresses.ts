/** Addresses and node ports for Services, out of one network for each family. */

import { familyOf, fromBytes, toBytes } from "#lib/addr/ip.ts";
import { ApiError, invalid } from "./api-error.ts";
import { type ApiObject, at, copy, type Fields, fieldsOf, listOf } from "./object.ts";
import { serviceFamilies } from "./service-families.ts";
import type { Store } from "./store.ts";

/** Bits of a network that hosts are counted in. */
const HOST_BITS = 31;
/** Kubernetes' range of node ports. */
const NODE_PORTS = { first: 30_000, last: 32_767 } as const;

/** The host parts of the addresses that were given last, by network, so that the next Service gets others before they are stored. */
export type LastGiven = Map<string, number>;

/** The Service with its clusterIPs and node ports; those of `previous` are kept. */
export function addressService(
  service: ApiObject,
  how: {
    readonly store: Store;
    /** Of the cluster's families, the primary one first. */
    readonly cidrs: readonly string[];
    readonly previous: ApiObject | undefined;
    readonly last: LastGiven;
  },
): ApiObject {
  const result = copy(service);
  const spec = fieldsOf(result["spec"]);
  if (spec["type"] === "ExternalName") return result;
  const others = how.store
    .list("services")
    .filter((each) => each.metadata.uid !== service.metadata.uid);
  const { policy, families, addresses } = serviceFamilies(service, {
    offered: how.cidrs.map(familyOf),
    previous: how.previous,
  });
  const taken = new Set(others.flatMap(addressesOf));
  const double = addresses.find((address) => address !== "None" && taken.has(address));
  if (double !== undefined)
    throw invalid({ group: "", kind: "Service" }, service.metadata.name ?? "", {
      field: "spec.clusterIPs",
      message: `Invalid value: ["${double}"]: failed to allocate IP ${double}: provided IP is already allocated`,
    });
  const missing = addresses[0] === "None" ? [] : families.slice(addresses.length);
  const given = missing.map((family) => {
    const cidr = how.cidrs.find((each) => familyOf(each) === family) ?? "";
    return nextAddress({ cidr, last: how.last }, taken);
  });
  const clusterIPs = [...addresses, ...given];
  const [clusterIP] = clusterIPs;
  Object.assign(spec, {
    ...{ clusterIP, clusterIPs, ipFamilies: families, ipFamilyPolicy: policy },
  });
  if (spec["type"] === "NodePort" || spec["type"] === "LoadBalancer")
    addNodePorts(spec, { ...how, others });
  return result;
}

const addressesOf = (service: ApiObject): readonly string[] =>
  (at(service, "spec", "clusterIPs") ?? []) as readonly string[];

/** The first address of the network's hosts: the `kubernetes` Service. */
export function firstAddress(cidr: string): string {
  return nextAddress({ cidr, last: new Map() }, new Set());
}

/** The next free one after the last, from the first again where those are used up. */
function nextAddress(
  { cidr, last }: { readonly cidr: string; readonly last: LastGiven },
  taken: ReadonlySet<string>,
): string {
  const [network = "", length = "24"] = cidr.split("/");
  const bytes = toBytes(network);
  const size = 2 ** Math.min(bytes.length * 8 - Number(length), HOST_BITS);
  const before = last.get(cidr) ?? 0;
  for (let i = 0; i < size - 2; i++) {
    const host = 1 + ((before + i) % (size - 2));
    const address = hostOf(bytes, host);
    if (taken.has(address)) continue;
    last.set(cidr, host);
    return address;
  }
  throw new ApiError("InternalError", `Cannot give a Service an address: ${cidr} is used up`);
}

/** The address of a host in a network whose last four bytes are its hosts' at most. */
function hostOf(network: Uint8Array, host: number): string {
  const bytes = Uint8Array.from(network);
  const end = new DataView(bytes.buffer, bytes.length - 4);
  end.setUint32(0, end.getUint32(0) + host);
  return fromBytes(bytes);
}

function addNodePorts(
  spec: Fields,
  how: { readonly others: readonly ApiObject[]; readonly previous: ApiObject | undefined },
): void {
  const taken = new Set(
    how.others.flatMap((each) => listOf(at(each, "spec", "ports")).map((port) => port["nodePort"])),
  );
  const before = listOf(at(how.previous, "spec", "ports"));
  for (const port of listOf(spec["ports"])) {
    port["nodePort"] ??= before.find((each) => each["port"] === port["port"])?.["nodePort"];
    for (
      let next: number = NODE_PORTS.first;
      port["nodePort"] === undefined && next <= NODE_PORTS.last;
      next++
    )
      if (!taken.has(next)) port["nodePort"] = next;
    taken.add(port["nodePort"]);
  }
}
