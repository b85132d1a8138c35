/** Where an object of any kind keeps its pods' metadata and spec. */

import type { PodSpec } from "#lib/k8s/types/core.ts";
import type { ObjectMeta } from "#lib/k8s/types/meta.ts";
import { parseDocument, type YamlDocument, YamlError } from "./yaml.ts";

/** Any object of a manifest. */
export type Manifest = {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  [field: string]: unknown;
};

/** A pod, or the template of pods to be. */
export type PodTemplate = { metadata?: ObjectMeta; spec: PodSpec };

/** The fields from an object to its pod template. */
const TEMPLATE_AT: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  Job: ["spec", "template"],
  ReplicationController: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Takes a parsed document for an object. Throws YamlError where it is none. */
export function asManifest(value: unknown, at: Place): Manifest {
  if (!isMap(value)) throw wrong(at, [], "an object is expected here");
  for (const field of ["kind", "apiVersion"])
    if (value[field] !== undefined && typeof value[field] !== "string")
      throw wrong(at, [field], "a text is expected here");
  if ((value["metadata"] ?? undefined) !== undefined && !isMap(value["metadata"]))
    throw wrong(at, ["metadata"], "an object is expected here");
  return value as Manifest;
}

/** Where an object stands: its document, and the fields that lead to it. */
export type Place = {
  readonly document: YamlDocument;
  readonly path: readonly (string | number)[];
};

function wrong(at: Place, field: readonly (string | number)[], problem: string): YamlError {
  return new YamlError(at.document, { field: [...at.path, ...field].join("."), problem });
}

/** The items of a list of objects, or undefined for anything else. */
export function itemsOf(manifest: Manifest, at: Place): unknown[] | undefined {
  if (manifest.kind === undefined || !/List$/.test(manifest.kind)) return undefined;
  const items = manifest["items"] ?? [];
  if (!Array.isArray(items)) throw wrong(at, ["items"], "a list is expected here");
  return items;
}

/** The pod template of a workload, which may be changed in place; undefined where the kind has none. Throws YamlError. */
export function podTemplateOf(manifest: Manifest, at: Place): PodTemplate | undefined {
  const fields = TEMPLATE_AT[manifest.kind ?? ""];
  if (fields === undefined) return undefined;
  const template = follow(manifest, { at, fields });
  const metadata = template["metadata"] ?? undefined;
  if (metadata !== undefined && !isMap(metadata))
    throw wrong(at, [...fields, "metadata"], "an object is expected here");
  for (const marks of ["annotations", "labels"])
    if ((metadata?.[marks] ?? undefined) !== undefined && !isMap(metadata?.[marks]))
      throw wrong(at, [...fields, "metadata", marks], "an object is expected here");
  const spec = follow(template, { at: { ...at, path: [...at.path, ...fields] }, fields: ["spec"] });
  for (const list of ["containers", "initContainers", "volumes"])
    checkList(spec[list], { at, fields: [...fields, "spec", list] });
  if (spec["containers"] === undefined || spec["containers"] === null)
    throw wrong(at, [...fields, "spec", "containers"], "is missing");
  return template as unknown as PodTemplate;
}

type Step = { readonly at: Place; readonly fields: readonly string[] };

function follow(from: Record<string, unknown>, { at, fields }: Step): Record<string, unknown> {
  let value = from;
  for (const [index, field] of fields.entries()) {
    const next = value[field];
    const path = fields.slice(0, index + 1);
    if (next === undefined || next === null) throw wrong(at, path, "is missing");
    if (!isMap(next)) throw wrong(at, path, "an object is expected here");
    value = next;
  }
  return value;
}

function checkList(value: unknown, { at, fields }: Step): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) throw wrong(at, fields, "a list is expected here");
  for (const [index, entry] of value.entries())
    if (!isMap(entry)) throw wrong(at, [...fields, index], "an object is expected here");
}

/** All objects of a document, those of lists one by one. Throws YamlError. */
export function objectsIn(document: YamlDocument): Manifest[] {
  const open = (value: unknown, path: Place["path"]): Manifest[] => {
    const at = { document, path };
    const manifest = asManifest(value, at);
    const items = itemsOf(manifest, at);
    if (items === undefined) return [manifest];
    return items.flatMap((item, index) => open(item, [...path, "items", index]));
  };
  const value = parseDocument(document);
  return value === undefined ? [] : open(value, []);
}
