/** Suffixes of DNS names, as the proxy's variables list them: `svc.cluster.local.`, or `.` for every name. */

import { isDnsName } from "./dns-name.ts";

/** In lower case, without dots at either end; empty for every name. */
export type NameSuffix = string;

/** Parses a suffix; undefined where it is no name. */
export function parseNameSuffix(text: string): NameSuffix | undefined {
  if (text === ".") return "";
  const name = withoutDot(text.toLowerCase());
  return isDnsName(name) ? name : undefined;
}

/** Whether a name is one of the suffixes or ends in one after a dot; case and a last dot do not count. */
export function isUnder(name: string, suffixes: readonly NameSuffix[]): boolean {
  const asked = withoutDot(name.toLowerCase());
  return suffixes.some(
    (suffix) => suffix === "" || asked === suffix || asked.endsWith(`.${suffix}`),
  );
}

const withoutDot = (name: string): string => (name.endsWith(".") ? name.slice(0, -1) : name);
