/** Charts out of the typed manifests: what the command line renders, rendered by Helm. */

import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { type Group, isValue } from "../values/kinds.ts";
import { type Marked, type Marker, mark, type Switch, withValue } from "./markers.ts";
import { compare, type Json, type Part, treeOf } from "./tree.ts";
import { TemplateWriter } from "./write.ts";

/** What a chart's templates are made of. */
export interface Source {
  readonly group: Group;
  /** What templates say for values that they do not read off the chart's values. */
  readonly expressions: Readonly<Record<string, string>>;
  /** The objects for values, and for what stands for certificates. */
  readonly render: (values: never) => readonly KubeObject[];
  /** Values that take something away where they are set: what is there is found without them. */
  readonly absent?: readonly string[];
  /** Texts that stand for what is no value: certificates, the configuration. */
  readonly texts: Readonly<Record<string, string>>;
  /** Names that stand for maps: of what templates compute. */
  readonly maps?: Readonly<Record<string, string>>;
  /** The value that makes pods so different that a template has both forms. */
  readonly form?: string;
  /** Of objects by kind and name: when they are there, beside what the values say. */
  readonly conditions?: Readonly<Record<string, string>>;
}

/** The templates of a chart by their file names. */
export function templatesOf(source: Source): Map<string, string> {
  const { form } = source;
  if (form === undefined) return write(source, {});
  const on = write(source, { [form]: true });
  const off = write(source, { [form]: false });
  return new Map(
    [...on].map(([name, text]) => {
      const other = off.get(name);
      if (other === undefined || other === text) return [name, text];
      const both = `{{- if $.Values.${form} }}\n${text}{{- else }}\n${other}{{- end }}\n`;
      return [name, both];
    }),
  );
}

/** The values that templates read: those of their expressions. */
export function valuesUsed(group: Group, templates: Iterable<string>): Group {
  const text = [...templates].join("\n");
  return pick(group, "", (path) =>
    new RegExp(`\\$\\.Values\\.${path.replaceAll(".", "\\.")}\\b`).test(text),
  );
}

/** The part of a group whose values are wanted. */
export function pick(group: Group, path: string, wanted: (path: string) => boolean): Group {
  const kept: Record<string, Group[string]> = {};
  for (const [name, node] of Object.entries(group)) {
    const at = path === "" ? name : `${path}.${name}`;
    const below = isValue(node) ? node : pick(node, at, wanted);
    if (isValue(node) ? wanted(at) : Object.keys(below).length > 0) kept[name] = below;
  }
  return kept;
}

function write(source: Source, fixed: Readonly<Record<string, boolean>>): Map<string, string> {
  const marked = mark(source.group, source);
  const values = Object.entries(fixed).reduce(
    (all, [path, value]) => withValue(all, path, value),
    marked.values,
  );
  const parts = partsOf(source, { ...marked, values }, Object.keys(fixed));
  const writer = new TemplateWriter([
    ...marked.markers,
    ...computed(source.texts),
    ...Object.entries(source.maps ?? {}).map(
      ([token, expression]): Marker => ({ token, use: "map", expression }),
    ),
  ]);
  return new Map(parts.map((part) => [fileName(part.key), writer.document(part)]));
}

/** Each object with what it depends on. */
function partsOf(source: Source, marked: Marked, fixed: readonly string[]): Part[] {
  const render = (values: Marked["values"]): Map<string, Json> =>
    new Map(
      source.render(values as never).map((object) => {
        const json = JSON.parse(JSON.stringify(object)) as Json;
        return [`${object.kind}-${object.metadata?.name}`, json];
      }),
    );
  const base = render(marked.values);
  const parts: Part[] = [...base].map(([key, json]) => ({
    key,
    node: treeOf(json),
    conditions: [],
    base: true,
  }));
  for (const change of marked.switches.filter(({ path }) => !fixed.includes(path)))
    note(parts, render(withValue(marked.values, change.path, change.off)), change);
  for (const { key, conditions } of parts) {
    const condition = source.conditions?.[key];
    if (condition !== undefined) conditions.push(condition);
  }
  return parts;
}

function note(parts: readonly Part[], off: ReadonlyMap<string, Json>, change: Switch): void {
  for (const { key, node, conditions } of parts) {
    const there = off.get(key);
    if (there === undefined) conditions.push(change.isOn);
    else compare(node, there, change);
  }
  const unknown = [...off.keys()].find((key) => parts.every((part) => part.key !== key));
  if (unknown !== undefined)
    throw new Error(`Cannot write a chart: ${change.path} adds ${unknown} where it is off`);
}

const fileName = (key: string): string =>
  `${key.toLowerCase().replaceAll(/\u27e6.*?\u27e7/g, "x")}.yaml`;

/** Texts as they are, and as a Secret has them. */
function computed(texts: Readonly<Record<string, string>>): Marker[] {
  return Object.entries(texts).flatMap(([token, expression]): Marker[] => [
    {
      token: Buffer.from(token).toString("base64"),
      use: "scalar",
      expression: `(${expression} | b64enc)`,
    },
    { token, use: "scalar", expression: `(${expression})` },
  ]);
}
