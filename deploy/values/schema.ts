/** The schema of the values, for charts and editors, and the defaults as a tree. */

import { type Group, initialOf, isValue, type Schema, type Value } from "./kinds.ts";

/** The defaults of a version. */
export function defaultsOf(group: Group, version: string): Record<string, unknown> {
  return mapValues(group, (value) => initialOf(value, version));
}

/** Each value of a tree replaced by what `change` makes of it. */
export function mapValues(
  group: Group,
  change: (value: Value<unknown>, path: string) => unknown,
  path = "",
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(group).map(([name, node]) => {
      const at = path === "" ? name : `${path}.${name}`;
      return [name, isValue(node) ? change(node, at) : mapValues(node, change, at)];
    }),
  );
}

/** JSON Schema (draft 7): types, defaults, words, patterns, descriptions, and no other name. */
export function schemaOf(group: Group, version: string): Schema {
  return { $schema: "http://json-schema.org/draft-07/schema#", ...groupSchema(group, version) };
}

function groupSchema(group: Group, version: string): Schema {
  const properties = Object.fromEntries(
    Object.entries(group).map(([name, node]) => {
      if (!isValue(node)) return [name, groupSchema(node, version)];
      return [name, { ...node.schema, default: initialOf(node, version) }];
    }),
  );
  return { type: "object", properties, additionalProperties: false };
}
