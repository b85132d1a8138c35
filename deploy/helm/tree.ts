/** A manifest with what it depends on: found by rendering it with each value on and off. */

import type { Switch } from "./markers.ts";

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };

/** Something that is there where all of `conditions` hold; expressions of a template. */
export interface Part {
  readonly key: string;
  readonly node: Node;
  readonly conditions: string[];
  /** Whether it is there with all values on. */
  readonly base: boolean;
}

/** A value of a manifest. Parts of an array have no key. */
export type Node =
  | {
      readonly type: "scalar";
      readonly value: string | number | boolean | null;
      /** What it is where a condition holds instead. */
      readonly others: { readonly condition: string; readonly value: Node }[];
    }
  | { readonly type: "object" | "array"; readonly parts: Part[] };

/** The tree of a manifest that depends on nothing. */
export function treeOf(json: Json): Node {
  const part = (key: string, value: Json): Part => ({
    key,
    node: treeOf(value),
    conditions: [],
    base: true,
  });
  if (Array.isArray(json))
    return { type: "array", parts: json.map((each: Json) => part("", each)) };
  if (typeof json === "object" && json !== null)
    return { type: "object", parts: Object.entries(json).map(([key, value]) => part(key, value)) };
  return { type: "scalar", value: json as string, others: [] };
}

/** Notes in a tree what is different in the manifest as it is with one value off. Throws where that cannot be said. */
export function compare(node: Node, off: Json, change: Switch): void {
  if (node.type === "scalar") compareScalar(node, off, change);
  else if (node.type === "array" && Array.isArray(off)) compareArray(node.parts, off, change);
  else if (node.type === "object" && isObject(off)) compareObject(node.parts, off, change);
  else throw new Error(`Cannot write a chart: ${change.path} changes the kind of a value`);
}

const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json);

function compareScalar(node: Node & { readonly type: "scalar" }, off: Json, change: Switch): void {
  if (isEqual(node.value, off, change)) return;
  node.others.push({ condition: change.isOff, value: treeOf(off) });
}

/** Whether a value is the same but for the text of what was changed. */
function isEqual(value: Json, off: Json, { marker, off: changed }: Switch): boolean {
  if (value === off) return true;
  if (marker === undefined) return false;
  if (typeof value === "number") return String(value) === marker.token && off === changed;
  const text = Array.isArray(changed) ? "" : String(changed);
  return typeof value === "string" && value.replaceAll(marker.token, text) === off;
}

function compareObject(parts: Part[], off: JsonObject, change: Switch): void {
  const known = new Set<string>();
  for (const part of parts) {
    const { key, node, conditions, base } = part;
    const there = off[key];
    if (!base || key === change.marker?.token) continue;
    known.add(key);
    if (there === undefined) conditions.push(change.isOn);
    else compare(node, there, change);
  }
  for (const [key, value] of Object.entries(off))
    if (!known.has(key)) parts.push(extra(key, value, change));
}

const extra = (key: string, value: Json, { isOff }: Switch): Part => ({
  key,
  node: treeOf(value),
  conditions: [isOff],
  base: false,
});

/** Elements are the same by their names, else by their place. Throws where one without a name comes or goes. */
function compareArray(parts: Part[], off: readonly Json[], change: Switch): void {
  const base = parts.filter((part) => part.base && !isRange(part, change));
  const matches = match(base, off, change);
  for (const [at, part] of base.entries()) {
    const there = matches[at];
    if (there === undefined) part.conditions.push(change.isOn);
    else compare(part.node, off[there] ?? null, change);
  }
  for (const [at, value] of off.entries()) {
    if (matches.includes(at)) continue;
    const next = matches.findIndex((each) => each !== undefined && each > at);
    const before = next < 0 ? undefined : base[next];
    const place = before === undefined ? parts.length : parts.indexOf(before);
    parts.splice(place, 0, extra("", value, change));
  }
}

/** Whether an element stands for all elements of the list that is changed. */
function isRange({ node }: Part, { marker }: Switch): boolean {
  return marker?.use === "list" && holds(node, marker.token);
}

/** Whether a text is a whole scalar or key of an element, but for what is in arrays of its own. */
export function holds(node: Node, token: string): boolean {
  if (node.type === "scalar") return node.value === token;
  if (node.type === "array") return false;
  return node.parts.some(({ key, node: below }) => key === token || holds(below, token));
}

function match(
  base: readonly Part[],
  off: readonly Json[],
  change: Switch,
): (number | undefined)[] {
  const names = base.map(({ node }) => nameOf(node));
  if (base.length > 0 && names.every((name) => name !== undefined))
    return names.map((name) =>
      found(off.findIndex((each) => isObject(each) && each["name"] === name)),
    );
  if (base.length === off.length) return base.map((_, at) => at);
  throw new Error(
    `Cannot write a chart: ${change.path} changes a list whose elements have no names`,
  );
}

const found = (at: number): number | undefined => (at < 0 ? undefined : at);

function nameOf(node: Node): string | undefined {
  if (node.type !== "object") return undefined;
  const name = node.parts.find(({ key }) => key === "name")?.node;
  return name?.type === "scalar" ? String(name.value) : undefined;
}

/** When a part is there: its own conditions, and where it holds nothing but conditional parts, one of theirs. */
export function presence({ node, conditions }: Part): string | undefined {
  const below = node.type === "scalar" ? undefined : presenceBelow(node);
  const all = [...new Set([...conditions, ...(below === undefined ? [] : [below])])];
  return all.length < 2 ? all[0] : `and ${all.map((each) => `(${each})`).join(" ")}`;
}

function presenceBelow(node: Node & { readonly parts: readonly Part[] }): string | undefined {
  const each = node.parts.map(presence);
  if (each.length === 0 || each.includes(undefined)) return undefined;
  const all = [...new Set(each)];
  return all.length < 2 ? all[0] : `or ${all.map((one) => `(${one})`).join(" ")}`;
}
