/** What comes more than once among the values. */

import type { Resources } from "../../controller/injector/values.ts";
import { choice, type SpecificationOf, text, type Value } from "./kinds.ts";

/** How a text must look, and what it is not where it does not. */
export interface Pattern {
  readonly pattern: RegExp;
  readonly no?: string;
}

/** Not nothing. */
export const FILLED: Pattern = { pattern: /\S/ };

/** A duration: integers and units. */
export const DURATION: Pattern = { pattern: /^(\d+(ms|s|m|h))+$/, no: "duration" };

/** The same, or nothing. */
export const DURATION_OR_NONE: Pattern = { ...DURATION, pattern: /^(\d+(ms|s|m|h))*$/ };

/** `host:port`, or nothing. */
export const ADDRESS_OR_NONE: Pattern = {
  pattern: /^(\[[\da-fA-F:]+\]:\d{1,5}|[^\s:]+:\d{1,5})?$/,
  no: "host:port",
};

/** A name of RFC 1123, section 2.1. */
export const DNS_LABEL: Pattern = { pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/ };

/** A quantity of Kubernetes, or nothing. */
const QUANTITY: Pattern = {
  pattern: /^(\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?)?$/,
  no: "quantity",
};

/** Ports and ranges of them, apart by commas; or nothing. */
export const PORTS: Pattern = {
  pattern: /^(\s*\d{1,5}(-\d{1,5})?\s*(,\s*\d{1,5}(-\d{1,5})?\s*)*)?$/,
  no: "list of ports",
};

/** PEM, or nothing. */
export const PEM: Pattern = { pattern: /^$|-----BEGIN [A-Z ]+-----/, no: "PEM" };

/** A pull policy. */
export function pullPolicy(whose: string): Value<"IfNotPresent" | "Always" | "Never"> {
  return choice(`Pull policy of ${whose}`, ["IfNotPresent", "Always", "Never"]);
}

/** How lines of a log look. */
export function logFormat(whose: string): Value<"plain" | "json"> {
  return choice(`Log format of ${whose}`, ["plain", "json"]);
}

/** Requests and limits; none unless they are given here. */
export function resources(
  whose: string,
  initial: { readonly [Name in keyof Resources]?: Partial<Resources[Name]> } = {},
): SpecificationOf<Resources> {
  const quantity = (what: string, given = ""): Value<string> =>
    text(`${what} of ${whose}; empty for none`, { ...QUANTITY, initial: given });
  const { cpu, memory } = initial;
  return {
    cpu: {
      request: quantity("CPU request", cpu?.request),
      limit: quantity("CPU limit", cpu?.limit),
    },
    memory: {
      request: quantity("Memory request", memory?.request),
      limit: quantity("Memory limit", memory?.limit),
    },
  };
}
