/** Values that can be found again in what is rendered with them, and what a chart says in their place. */

import { type Group, type Schema, VERSION } from "../values/kinds.ts";
import { mapValues } from "../values/schema.ts";

/** How a value comes in a template: as a text or number, or as a list or a map that is joined, ranged over or merged. */
export type Use = "scalar" | "number" | "list" | "map";

/** A value that was made findable. */
export interface Marker {
  /** What stands for it, in text. */
  readonly token: string;
  readonly use: Use;
  /** What a template says for it. */
  readonly expression: string;
}

/** A change of one value that may change what is rendered beyond the value's own text. */
export interface Switch {
  readonly path: string;
  /** What it is changed to. */
  readonly off: unknown;
  readonly marker: Marker | undefined;
  /** What a template asks to know that it is not `off`, and that it is. */
  readonly isOn: string;
  readonly isOff: string;
}

/** Values, each one findable, and the changes that are to be tried. */
export interface Marked {
  readonly values: Readonly<Record<string, unknown>>;
  readonly markers: readonly Marker[];
  readonly switches: readonly Switch[];
}

/** Far from every number that manifests have of themselves. */
const FIRST_NUMBER = 9_000_000_000_000;

/**
 * Marks all values of a group; `expressions` are those that a chart does not read off its values, `absent` the paths of
 * values that are tried the other way round: off at first, then on.
 */
export function mark(
  group: Group,
  {
    expressions = {},
    absent = [],
  }: {
    readonly expressions?: Readonly<Record<string, string>>;
    readonly absent?: readonly string[];
  } = {},
): Marked {
  const markers: Marker[] = [];
  const switches: Switch[] = [];
  const values = mapValues(group, ({ schema, initial }, path) => {
    const expression = expressions[path] ?? `$.Values.${path}`;
    const { use, value } = marking(schema, { path, number: FIRST_NUMBER + markers.length });
    const marker = use === undefined ? undefined : { token: tokenOf(value), use, expression };
    if (marker !== undefined) markers.push(marker);
    if (absent.includes(path)) {
      switches.push({ path, marker, off: value, isOn: `not ${expression}`, isOff: expression });
      return initial;
    }
    if (expressions[path] === undefined && initial !== VERSION)
      switches.push(
        ...switchesOf(schema, { path, marker, expression }),
        ...defaultSwitch(initial, { path, marker, expression }),
      );
    return value;
  });
  return { values, markers, switches };
}

function marking(
  schema: Schema,
  { path, number }: { readonly path: string; readonly number: number },
): { readonly use: Use | undefined; readonly value: unknown } {
  const token = (suffix = ""): string => `\u27e6${path}${suffix}\u27e7`;
  switch (schema["type"]) {
    case "boolean":
      return { use: undefined, value: true };
    case "integer":
      return { use: "number", value: number };
    case "array": {
      const { type } = schema["items"] as Schema;
      return { use: "list", value: [type === "string" ? token("[]") : { [token("[]")]: "" }] };
    }
    case "object":
      return { use: "map", value: { [token("{}")]: "" } };
    default:
      return { use: "scalar", value: token() };
  }
}

/** A marker's text, out of the value that bears it. */
function tokenOf(value: unknown): string {
  if (Array.isArray(value)) return tokenOf(value[0]);
  if (typeof value === "object" && value !== null) return Object.keys(value)[0] ?? "";
  return String(value);
}

function switchesOf(
  schema: Schema,
  about: Pick<Switch, "path" | "marker"> & { readonly expression: string },
): Switch[] {
  const { path, marker, expression } = about;
  const empty = (off: unknown): Switch[] => [
    { path, marker, off, isOn: expression, isOff: `not ${expression}` },
  ];
  if (Array.isArray(schema["enum"]))
    return schema["enum"].map((word) => {
      const isOff = `eq ${expression} ${JSON.stringify(word)}`;
      return { path, marker, off: word, isOn: `not (${isOff})`, isOff };
    });
  switch (schema["type"]) {
    case "boolean":
      return empty(false);
    case "integer":
      return schema["minimum"] === 0 ? empty(0) : [];
    case "array":
      return empty([]);
    case "object":
      return empty({});
    default:
      return empty("");
  }
}

/** What is the default may be left unsaid. */
function defaultSwitch(
  initial: unknown,
  about: Pick<Switch, "path" | "marker"> & { readonly expression: string },
): Switch[] {
  const { path, marker, expression } = about;
  if ((typeof initial !== "number" && typeof initial !== "string") || initial === "") return [];
  const value = typeof initial === "number" ? `(int64 ${expression})` : expression;
  const isOff = `eq ${value} ${JSON.stringify(initial)}`;
  return [{ path, marker, off: initial, isOn: `not (${isOff})`, isOff }];
}

/** Values with one of them changed. */
export function withValue(
  values: Readonly<Record<string, unknown>>,
  path: string,
  value: unknown,
): Record<string, unknown> {
  const [name = "", ...rest] = path.split(".");
  const below = values[name] as Readonly<Record<string, unknown>>;
  return { ...values, [name]: rest.length === 0 ? value : withValue(below, rest.join("."), value) };
}
