/** Annotations that the node agent reads of a running pod: what it could not use must not stand there, or the pod would not start. */

import { Cidr } from "#lib/addr/cidr.ts";
import { CONFIG } from "#lib/k8s/annotations.ts";
import { type MarkReader, quoted } from "./mark-reader.ts";
import { ENTRIES_LIMIT, entriesOf, isPortRange, withoutZeros } from "./ports.ts";
import type { ProxyValues } from "./values.ts";

/** What the node agent takes for granted where no annotation says otherwise; the installation's values may differ. */
const ASSUMED = { "proxy-uid": "2102", "inbound-port": "4143", "outbound-port": "4140" } as const;

/** Ports of a proxy that the node agent does not redirect anyway. */
const OWN_PORTS: readonly string[] = ["4190", "4191"];

/** What the pod's annotations have to say instead of what they say; empty where all can be used. */
export function readMarksInForce(
  reader: MarkReader,
  { uid, ports }: { readonly uid: number; readonly ports: ProxyValues["ports"] },
): Record<string, string> {
  const marks: Record<string, string> = {};
  const numbers = {
    "proxy-uid": uid,
    "inbound-port": ports.inbound,
    "outbound-port": ports.outbound,
  } as const;
  for (const [name, value] of Object.entries(numbers)) {
    const assumed = reader.raw(CONFIG + name) ?? ASSUMED[name as keyof typeof numbers];
    if (assumed !== String(value)) marks[CONFIG + name] = String(value);
  }
  for (const name of Object.keys(LISTS) as (keyof typeof LISTS)[]) {
    const list = readList(reader, name);
    if (list !== undefined) marks[CONFIG + name] = list;
  }
  return { ...marks, ...skippedPorts(reader, { ports, marks }) };
}

/** A list as it has to be; undefined where it is that already. What does not count is told. */
function readList(reader: MarkReader, name: keyof typeof LISTS): string | undefined {
  const { accepts, write } = LISTS[name];
  const key = CONFIG + name;
  const entries = entriesOf(reader.raw(key) ?? "");
  const usable = entries.filter(accepts).slice(0, ENTRIES_LIMIT);
  const written = usable.map(write);
  if (usable.length === entries.length)
    return written.join() === entries.join() ? undefined : written.join();
  const wrong = entries.find((each) => !accepts(each));
  reader.warn(
    wrong === undefined
      ? `annotation ${key} has more than ${ENTRIES_LIMIT} entries: the others do not count`
      : `annotation ${key} cannot have ${quoted(wrong)}: that entry does not count`,
  );
  return written.join();
}

/** Who probes and taps a proxy must reach it: its own ports are not redirected, wherever they are. */
function skippedPorts(
  reader: MarkReader,
  how: { readonly ports: ProxyValues["ports"]; readonly marks: Readonly<Record<string, string>> },
): Record<string, string> {
  const key = `${CONFIG}skip-inbound-ports`;
  const { admin, control } = how.ports;
  const moved = [admin, control].map(String).filter((port) => !OWN_PORTS.includes(port));
  if (moved.length === 0) return {};
  const entries = entriesOf(how.marks[key] ?? reader.raw(key) ?? "");
  return { [key]: [...new Set([...entries, ...moved])].join(",") };
}

/** A network of one family: an IPv4 one that is written as IPv6 names both. */
const isNetwork = (entry: string): boolean =>
  Cidr.parse(entry) !== undefined && !/^[0:]+:ffff:/i.test(entry);

/** Lists of which each entry has to be one that the node agent can use, and how it is written. */
const LISTS = {
  "skip-inbound-ports": { accepts: isPortRange, write: withoutZeros },
  "skip-outbound-ports": { accepts: isPortRange, write: withoutZeros },
  "skip-subnets": { accepts: isNetwork, write: (entry: string): string => entry },
} as const;
