/** A chart's `values.yaml`: each value's default, and what it is for. */

import { type Group, initialOf, isValue } from "../values/kinds.ts";

/** The file's text. */
export function valuesFile(group: Group, version: string): string {
  return `${lines(group, { version, pad: "" }).join("\n")}\n`;
}

function lines(
  group: Group,
  { version, pad }: { readonly version: string; readonly pad: string },
): string[] {
  return Object.entries(group).flatMap(([name, node]) => {
    if (!isValue(node)) return [`${pad}${name}:`, ...lines(node, { version, pad: `${pad}  ` })];
    const initial = JSON.stringify(initialOf(node, version));
    return [`${pad}# ${node.schema.description}`, `${pad}${name}: ${initial}`];
  });
}
