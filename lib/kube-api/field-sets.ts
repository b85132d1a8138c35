/** Sets of fields as managedFields writes them (`fieldsV1`), as paths that can be compared. */

import { keyOfElement, type ListKinds } from "./merge-keys.ts";
import { type Fields, fieldsOf, isFields, sameJson } from "./object.ts";

/** Paths by their text; elements are `f:name`, `k:{…}` or `v:…`. */
export type FieldSet = ReadonlyMap<string, readonly string[]>;

/** Metadata that belongs to the server. */
const SERVER_FIELDS: ReadonlySet<string> = new Set([
  ...["name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp"],
  ...[
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
    "generateName",
  ],
]);

/** All fields of an object that somebody can own. */
export function fieldsIn(object: Fields, lists: ListKinds): FieldSet {
  const { apiVersion: _, kind: __, ...rest } = object;
  const metadata = Object.entries(fieldsOf(rest["metadata"])).filter(
    ([name]) => !SERVER_FIELDS.has(name),
  );
  const set = new Map<string, readonly string[]>();
  collect({ ...rest, metadata: Object.fromEntries(metadata) }, { lists, names: [], path: [], set });
  set.delete(textOf(["f:metadata"]));
  return set;
}

/** What an object says at a path of a set. */
export function valueAt(object: unknown, path: readonly string[], lists: ListKinds): unknown {
  let value = object;
  const names: string[] = [];
  for (const step of path) {
    if (step === ".") return isFields(value) || Array.isArray(value) ? "" : value;
    if (step.startsWith("f:")) {
      names.push(step.slice(2));
      value = fieldsOf(value)[step.slice(2)];
    } else value = elementAt(value, step, lists(names));
  }
  return value;
}

/** The paths of `fieldsV1`. */
export function fromFieldsV1(fields: Fields): FieldSet {
  const set = new Map<string, readonly string[]>();
  const walk = (node: Fields, path: readonly string[]): void => {
    const entries = Object.entries(node);
    if (entries.length === 0 && path.length > 0) set.set(textOf(path), path);
    for (const [step, below] of entries) {
      if (step === ".") set.set(textOf([...path, "."]), [...path, "."]);
      else walk(fieldsOf(below), [...path, step]);
    }
  };
  walk(fields, []);
  return set;
}

/** `fieldsV1` of paths. */
export function toFieldsV1(set: FieldSet): Fields {
  const root: Fields = {};
  for (const path of set.values()) {
    let node = root;
    for (const step of path) {
      node[step] ??= {};
      node = node[step] as Fields;
    }
  }
  return root;
}

/** The paths of a set at which two objects differ. */
export function changedIn(
  set: FieldSet,
  compare: { readonly a: unknown; readonly b: unknown; readonly lists: ListKinds },
): FieldSet {
  const { a, b, lists } = compare;
  return new Map(
    [...set].filter(([, path]) => !sameJson(valueAt(a, path, lists), valueAt(b, path, lists))),
  );
}

/** What is in the first set alone. */
export function without(set: FieldSet, other: FieldSet): FieldSet {
  return new Map([...set].filter(([text]) => !other.has(text)));
}

/** A path in words, as conflicts name it: `.spec.containers[name="a"].image`. */
export function describePath(path: readonly string[]): string {
  return path
    .map((step) => {
      if (step === ".") return "";
      if (step.startsWith("f:")) return `.${step.slice(2)}`;
      if (step.startsWith("v:")) return `[=${step.slice(2)}]`;
      const keys = Object.entries(JSON.parse(step.slice(2)) as Fields);
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
    })
    .join("");
}

interface Walk {
  readonly lists: ListKinds;
  readonly names: readonly string[];
  readonly path: readonly string[];
  readonly set: Map<string, readonly string[]>;
}

function collect(value: unknown, walk: Walk): void {
  const { lists, names, path, set } = walk;
  if (isFields(value) && Object.keys(value).length > 0) {
    for (const [name, below] of Object.entries(value))
      collect(below, { ...walk, names: [...names, name], path: [...path, `f:${name}`] });
    return;
  }
  const kind = Array.isArray(value) ? lists(names) : undefined;
  if (kind === undefined || !Array.isArray(value)) {
    if (path.length > 0) set.set(textOf(path), path);
    return;
  }
  for (const each of value) {
    if (kind === "set") {
      const at = [...path, `v:${JSON.stringify(each)}`];
      set.set(textOf(at), at);
    } else if (isFields(each)) {
      const at = [...path, `k:${keyOfElement(each, kind)}`];
      set.set(textOf([...at, "."]), [...at, "."]);
      collect(each, { ...walk, path: at });
    }
  }
}

function elementAt(
  value: unknown,
  step: string,
  kind: readonly string[] | "set" | undefined,
): unknown {
  if (!Array.isArray(value) || kind === undefined) return undefined;
  if (kind === "set") return value.find((each) => `v:${JSON.stringify(each)}` === step);
  return value.find((each) => isFields(each) && `k:${keyOfElement(each, kind)}` === step);
}

function textOf(path: readonly string[]): string {
  return path.join("\u0000");
}
