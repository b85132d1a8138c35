/** The proxy's own ports, and lists of ports as annotations give them. */

import { CONFIG, parsePortRanges } from "#lib/k8s/annotations.ts";
import { type MarkReader, within } from "./mark-reader.ts";
import type { ProxyValues } from "./values.ts";

/** A list of ports, or of networks, has at most so many entries: a script of rules is made of it. */
export const ENTRIES_LIMIT: number = 1024;

const MAX_PORT = 0xffff;
const NAMES = ["admin", "control", "inbound", "outbound"] as const;

/** Where the proxy listens. Two listeners cannot share a port: then the values' own stand. */
export function readPorts(reader: MarkReader, ports: ProxyValues["ports"]): ProxyValues["ports"] {
  const [admin, control, inbound, outbound] = NAMES.map(
    (name) => reader.read(`${CONFIG}${name}-port`, within(1, MAX_PORT)) ?? ports[name],
  );
  const asked = {
    admin: admin ?? ports.admin,
    control: control ?? ports.control,
    inbound: inbound ?? ports.inbound,
    outbound: outbound ?? ports.outbound,
  };
  if (new Set(Object.values(asked)).size === NAMES.length) return asked;
  reader.warn("annotations give two of the proxy's listeners the same port: none of them counts");
  return ports;
}

/** The entries of a comma list, without blanks and empty ones. */
export function entriesOf(text: string): readonly string[] {
  return text
    .split(",", ENTRIES_LIMIT + 1)
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** A port or a range without zeros in front, by which the rules of a node would take it for octal. */
export const withoutZeros = (entry: string): string =>
  entry.replaceAll(/\d+/g, (digits) => String(Number(digits)));

/** Whether an entry is a port, or a range that does not fall, of 1 to 65535. */
export function isPortRange(entry: string): boolean {
  return parsePortRanges(entry).length > 0;
}
