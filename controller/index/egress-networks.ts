/** EgressNetworks as domain values; of what cannot be read nothing is allowed. */

import { Cidr } from "#lib/addr/cidr.ts";
import { OPAQUE_PORTS, parsePortRanges } from "#lib/k8s/annotations.ts";
import type { EgressNetwork, EgressRange } from "../core/egress.ts";
import { Fields } from "./fields.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import { agedOf } from "./servers.ts";
import { toParentTraffic } from "./traffic.ts";

/** How they are read. */
export type EgressReading = {
  readonly faults: string[];
  /** What is not outside. */
  readonly clusterNetworks: readonly string[];
  /** Ports that are opaque where nothing is said. */
  readonly opaquePorts: string;
};

/** Reads an EgressNetwork. One that cannot be read whole is about all that is outside, and denies it: what it was meant for is not known. */
export function toEgressNetwork(object: KeptPolicy, by: EgressReading): EgressNetwork {
  const faults: string[] = [];
  const fields = new Fields(object.spec, "spec", faults);
  fields.only("trafficPolicy", "networks");
  const policy = fields.word("trafficPolicy", ["Allow", "Deny"]);
  if (fields.raw("trafficPolicy") === undefined) fields.fault("trafficPolicy", "is missing");
  const given = fields.objects("networks").flatMap((each) => readRange(each) ?? []);
  const marks = object.metadata?.annotations;
  const whole = faults.length === 0;
  by.faults.push(...faults);
  return {
    ...agedOf(object),
    networks: whole && given.length > 0 ? given : [...given, ...outside(by.clusterNetworks)],
    allows: whole && policy === "Allow",
    opaque: parsePortRanges(marks?.[OPAQUE_PORTS] ?? by.opaquePorts),
    // Only Services have failures that weigh on load.
    traffic: { ...toParentTraffic(marks, by.faults), load: undefined },
    fault: faults[0],
  };
}

function readRange(fields: Fields): EgressRange | undefined {
  fields.only("cidr", "except");
  const cidr = Cidr.parse(fields.required("cidr"));
  const texts = fields.texts("except");
  const except = texts.flatMap((text) => Cidr.parse(text) ?? []);
  if (except.length < texts.length) fields.fault("except", "holds what is no network");
  if (cidr === undefined) return fields.fault("cidr", "is no network");
  return { cidr, except };
}

/** All but the cluster's own networks. */
function outside(clusterNetworks: readonly string[]): readonly EgressRange[] {
  const except = clusterNetworks.flatMap((text) => Cidr.parse(text) ?? []);
  return ["0.0.0.0/0", "::/0"].flatMap((text) => {
    const cidr = Cidr.parse(text);
    return cidr === undefined ? [] : [{ cidr, except }];
  });
}
