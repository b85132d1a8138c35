/** Which address families a Service has: its policy, what it asks for, and what the cluster offers. Pure. */

import { familyOf, type IpFamily } from "#lib/addr/ip.ts";
import { type ApiError, invalid } from "./api-error.ts";
import { type ApiObject, at, textAt } from "./object.ts";

/** What a Service is to have. */
export type ServiceFamilies = {
  readonly policy: string;
  /** The primary one first. */
  readonly families: readonly IpFamily[];
  /** Those that were asked for or given before, in the order of the families; `None` where it is headless. */
  readonly addresses: readonly string[];
};

const SINGLE = "SingleStack";
const REQUIRE = "RequireDualStack";
const TWO = "must be RequireDualStack or PreferDualStack when multiple 'ipFamilies' are specified";

/** Decides it as Kubernetes does; `offered` are the cluster's. Throws an ApiError for what cannot be had. */
export function serviceFamilies(
  service: ApiObject,
  cluster: { readonly offered: readonly IpFamily[]; readonly previous: ApiObject | undefined },
): ServiceFamilies {
  const { offered, previous } = cluster;
  const addresses = listed(service, previous, "clusterIPs", "clusterIP");
  const headless = addresses[0] === "None";
  const asked = askedFor(service, cluster, headless ? [] : addresses);
  const selects = Object.keys(at(service, "spec", "selector") ?? {}).length > 0;
  // Who fills in the endpoints may have any of both families.
  const isFree = headless && !selects;
  const policy =
    textAt(service, "spec", "ipFamilyPolicy") ??
    textAt(previous, "spec", "ipFamilyPolicy") ??
    (isFree && offered.length > 1 ? REQUIRE : SINGLE);
  check(service, { policy, asked, previous, offered: isFree ? BOTH : offered });
  const families =
    policy === SINGLE ? [asked[0] ?? offered[0] ?? "IPv4"] : [...new Set([...asked, ...offered])];
  return { policy, families, addresses: addresses.slice(0, headless ? 1 : families.length) };
}

const BOTH: readonly IpFamily[] = ["IPv4", "IPv6"];

/** The list of a Service, or the one that its field of one value stands for; else that of the Service before. */
function listed(
  service: ApiObject,
  previous: ApiObject | undefined,
  ...[many, one]: readonly [string, string]
): readonly string[] {
  for (const each of [service, previous]) {
    const list = (at(each, "spec", many) ?? []) as readonly string[];
    const first = textAt(each, "spec", one);
    if (first !== undefined && list[0] !== first) return [first];
    if (list.length > 0) return list;
  }
  return [];
}

/** The families that are named, else those of the addresses. */
function askedFor(
  service: ApiObject,
  { previous }: { readonly previous: ApiObject | undefined },
  addresses: readonly string[],
): readonly IpFamily[] {
  const named = at(service, "spec", "ipFamilies") ?? at(previous, "spec", "ipFamilies") ?? [];
  return [...new Set([...(named as readonly IpFamily[]), ...addresses.map(familyOf)])];
}

type Wish = {
  readonly policy: string;
  readonly asked: readonly IpFamily[];
  readonly offered: readonly IpFamily[];
  readonly previous: ApiObject | undefined;
};

function check(service: ApiObject, { policy, asked, offered, previous }: Wish): void {
  const refusal = (field: string, message: string): ApiError =>
    invalid({ group: "", kind: "Service" }, service.metadata.name ?? "", { field, message });
  const before = at(previous, "spec", "ipFamilies") as readonly IpFamily[] | undefined;
  // Who only takes back the second family leaves the lists as they were.
  if (policy === SINGLE && asked.length > 1 && before?.join() !== asked.join())
    throw refusal("spec.ipFamilyPolicy", `Invalid value: "${policy}": ${TWO}`);
  if (policy === REQUIRE && offered.length < 2)
    throw refusal(
      "spec.ipFamilyPolicy",
      `Invalid value: "${policy}": this cluster is not configured for dual-stack services`,
    );
  const index = asked.findIndex((family) => !offered.includes(family));
  if (index >= 0)
    throw refusal(
      `spec.ipFamilies[${index}]`,
      `Invalid value: ${JSON.stringify(asked)}: not configured on this cluster`,
    );
}
