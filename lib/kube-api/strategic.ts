/** Merge patches (RFC 7386) and Kubernetes' strategic ones. */

import { keyOfElement, type ListKinds } from "./merge-keys.ts";
import { type Fields, fieldsOf, isFields, sameJson } from "./object.ts";

/** Applies a JSON merge patch. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const result: Fields = { ...fieldsOf(target) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

/** Applies a strategic merge patch; `path` holds the names of fields from the root. */
export function strategicPatch(
  target: unknown,
  patch: unknown,
  how: { readonly lists: ListKinds; readonly path: readonly string[] },
): unknown {
  if (!isFields(patch)) return patch;
  if (patch["$patch"] === "replace") return withoutDirectives(patch);
  if (patch["$patch"] === "delete") return {};
  const result: Fields = { ...fieldsOf(target) };
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith("$")) continue;
    const path = [...how.path, name];
    if (value === null) delete result[name];
    else if (Array.isArray(value)) result[name] = mergeList(result[name], value, { ...how, path });
    else result[name] = strategicPatch(result[name], value, { ...how, path });
  }
  retainKeys(result, patch);
  return directives(result, patch);
}

function mergeList(
  target: unknown,
  patch: readonly unknown[],
  how: { readonly lists: ListKinds; readonly path: readonly string[] },
): unknown[] {
  const keys = how.lists(how.path);
  const current: readonly unknown[] = Array.isArray(target) ? target : [];
  if (keys === "set") return [...new Set([...current, ...patch])];
  const replaces = patch.some((each) => isFields(each) && each["$patch"] === "replace");
  if (keys === undefined || replaces)
    return patch.filter((each) => !(isFields(each) && each["$patch"] === "replace"));
  const first = keys.slice(0, 1);
  const result = current.filter(isFields);
  for (const each of patch.filter(isFields)) {
    const key = keyOfElement(each, first);
    const index = result.findIndex((other) => keyOfElement(other, first) === key);
    if (each["$patch"] === "delete") {
      if (index >= 0) result.splice(index, 1);
    } else if (index < 0) result.push(fieldsOf(strategicPatch({}, each, how)));
    else result[index] = fieldsOf(strategicPatch(result[index], each, how));
  }
  return result;
}

/** `$retainKeys`: fields that are not named go away (unions such as a Deployment's strategy). */
function retainKeys(result: Fields, patch: Fields): void {
  const kept = patch["$retainKeys"];
  if (!Array.isArray(kept)) return;
  for (const name of Object.keys(result)) if (!kept.includes(name)) delete result[name];
}

/** `$deleteFromPrimitiveList/x` and `$setElementOrder/x`. */
function directives(result: Fields, patch: Fields): Fields {
  for (const [name, value] of Object.entries(patch)) {
    const [directive, field = ""] = name.split("/", 2);
    const list = result[field];
    if (!Array.isArray(value) || !Array.isArray(list)) continue;
    if (directive === "$deleteFromPrimitiveList")
      result[field] = list.filter((each) => !value.includes(each));
    if (directive === "$setElementOrder") result[field] = inOrder(list, value);
  }
  return result;
}

function inOrder(list: readonly unknown[], order: readonly unknown[]): unknown[] {
  const rank = (element: unknown): number =>
    order.findIndex((wanted) =>
      isFields(wanted)
        ? Object.entries(wanted).every(([name, value]) => fieldsOf(element)[name] === value)
        : sameJson(wanted, element),
    );
  const known = list.filter((each) => rank(each) >= 0).toSorted((a, b) => rank(a) - rank(b));
  return [...known, ...list.filter((each) => rank(each) < 0)];
}

function withoutDirectives(patch: Fields): Fields {
  return Object.fromEntries(Object.entries(patch).filter(([name]) => !name.startsWith("$")));
}
