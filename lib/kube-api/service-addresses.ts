/** Addresses and node ports for Services, out of one IPv4 network. */

import { ApiError, invalid } from "./api-error.ts";
import { type ApiObject, at, copy, type Fields, fieldsOf, listOf, textAt } from "./object.ts";
import type { Store } from "./store.ts";

/** Kubernetes' range of node ports. */
const NODE_PORTS = { first: 30_000, last: 32_767 } as const;

/** The host part of the address that was given last, so that the next Service gets another one before that is stored. */
export type LastGiven = { host: number };

/** The Service with its clusterIP and node ports; those of `previous` are kept. */
export function addressService(
  service: ApiObject,
  how: {
    readonly store: Store;
    readonly cidr: string;
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
  const wanted = textAt(spec, "clusterIP") ?? textAt(how.previous, "spec", "clusterIP");
  const address =
    wanted ?? nextAddress(how, new Set(others.map((each) => textAt(each, "spec", "clusterIP"))));
  if (
    wanted !== undefined &&
    wanted !== "None" &&
    others.some((each) => at(each, "spec", "clusterIP") === wanted)
  )
    throw invalid({ group: "", kind: "Service" }, service.metadata.name ?? "", {
      field: "spec.clusterIPs",
      message: `Invalid value: ["${wanted}"]: failed to allocate IP ${wanted}: provided IP is already allocated`,
    });
  spec["clusterIP"] = address;
  spec["clusterIPs"] = [address];
  spec["ipFamilies"] ??= ["IPv4"];
  spec["ipFamilyPolicy"] ??= "SingleStack";
  if (spec["type"] === "NodePort" || spec["type"] === "LoadBalancer")
    addNodePorts(spec, { ...how, others });
  return result;
}

/** The first address of the network's hosts: the `kubernetes` Service. */
export function firstAddress(cidr: string): string {
  return nextAddress({ cidr, last: { host: 0 } }, new Set());
}

/** The next free one after the last, from the first again where those are used up. */
function nextAddress(
  { cidr, last }: { readonly cidr: string; readonly last: LastGiven },
  taken: ReadonlySet<string | undefined>,
): string {
  const [network = "", length = "24"] = cidr.split("/");
  const base = network.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(length));
  for (let i = 0; i < size - 2; i++) {
    const host = 1 + ((last.host + i) % (size - 2));
    const value = base + host;
    const address = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
    if (taken.has(address)) continue;
    last.host = host;
    return address;
  }
  throw new ApiError("InternalError", `Cannot give a Service an address: ${cidr} is used up`);
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
