/** API objects as the server holds them: JSON with metadata, never changed once stored. */

/** A JSON object whose fields are not known. */
export type Fields = Record<string, unknown>;

/** One entry of managedFields. */
export interface ManagedFields {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Fields;
  subresource?: string;
}

/** A reference to the owner that an object goes away with. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Metadata of every object; times are RFC 3339 with seconds. */
export interface ApiMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFields[];
}

/** Any object of the API. */
export interface ApiObject {
  apiVersion?: string;
  kind?: string;
  metadata: ApiMeta;
  [field: string]: unknown;
}

/** The value as a JSON object; an empty one where it is none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** Whether a value is a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The JSON objects in a list; empty where the value is no list. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** The strings in a list; empty where the value is no list. */
export function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** The value at a path of fields. */
export function at(object: unknown, ...path: readonly string[]): unknown {
  let value = object;
  for (const name of path) value = isFields(value) ? value[name] : undefined;
  return value;
}

/** A string at a path; undefined where it is missing or empty. */
export function textAt(object: unknown, ...path: readonly string[]): string | undefined {
  const value = at(object, ...path);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A number at a path. */
export function numberAt(object: unknown, ...path: readonly string[]): number | undefined {
  const value = at(object, ...path);
  return typeof value === "number" ? value : undefined;
}

/** A deep copy. */
export function copy<T>(value: T): T {
  return structuredClone(value);
}

/** Whether two JSON values say the same; the order of fields does not matter. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((each, index) => sameJson(each, b[index]));
  if (!isFields(a) || !isFields(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => sameJson(a[name], b[name]));
}

/** RFC 3339 in whole seconds, as metadata has it. */
export function timestamp(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}
