/** Whether JSON has the form that its reader expects, put together of forms of its parts. */

import type { KubeObject } from "./types/meta.ts";

/** Says of a value whether it has the form. */
export type Shape = (value: unknown) => boolean;

/** Nothing, or null, which the API server takes for nothing. */
export const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || value === null || shape(value);

export const isText: Shape = (value) => typeof value === "string";
export const isNumber: Shape = (value) => typeof value === "number";
export const isFlag: Shape = (value) => typeof value === "boolean";
export const isTextOrNumber: Shape = (value) => isText(value) || isNumber(value);

/** Whether a value is an object, and no list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object whose named fields have the given forms; others may be there too. */
export const object =
  (fields: Readonly<Record<string, Shape>>): Shape =>
  (value) =>
    isObject(value) &&
    Object.entries(fields).every(([name, shape]) =>
      shape(Object.hasOwn(value, name) ? value[name] : undefined),
    );
/** A list of one form. */
export const list =
  (each: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(each);
/** An object whose values are texts: labels, annotations. */
export const texts: Shape = (value) => isObject(value) && Object.values(value).every(isText);

const named = object({
  metadata: object({
    name: (value) => isText(value) && value !== "",
    namespace: optional(isText),
    resourceVersion: optional(isText),
    uid: optional(isText),
  }),
});

/** Whether something is an object of the API, with a name. */
export function hasName(value: unknown): value is KubeObject {
  return named(value);
}
