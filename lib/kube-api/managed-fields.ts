/** Who owns which field: kept by every write, decided upon by server-side apply. */

import { ApiError } from "./api-error.ts";
import {
  changedIn,
  describePath,
  type FieldSet,
  fieldsIn,
  fromFieldsV1,
  toFieldsV1,
  valueAt,
  without,
} from "./field-sets.ts";
import { type ApiResource, groupVersion } from "./kinds.ts";
import { builtInLists, keyOfElement, type ListKinds } from "./merge-keys.ts";
import {
  type ApiObject,
  copy,
  type Fields,
  fieldsOf,
  isFields,
  type ManagedFields,
  sameJson,
} from "./object.ts";

/** A server-side apply on its way: who applies which fields. */
export interface ApplyOptions {
  readonly manager: string;
  readonly applied: FieldSet;
}

/** The object with its managedFields after a write by `manager`. */
export function takeOver(
  resource: ApiResource,
  write: {
    readonly object: ApiObject;
    readonly current: ApiObject | undefined;
    readonly manager: string;
    readonly subresource: string;
    readonly now: string;
    readonly apply?: ApplyOptions;
  },
): ApiObject {
  const { object, current, apply } = write;
  const lists = builtInLists(resource.kind);
  const present = fieldsIn(object, lists);
  const changed =
    current === undefined ? present : changedIn(present, { a: object, b: current, lists });
  const operation = apply === undefined ? "Update" : "Apply";
  const mine = (entry: ManagedFields): boolean =>
    entry.manager === write.manager &&
    entry.operation === operation &&
    (entry.subresource ?? "") === write.subresource;
  const earlier = object.metadata.managedFields ?? [];
  const before = earlier.find(mine);
  const owned = new Map(
    apply?.applied ?? [...fromFieldsV1(fieldsOf(before?.fieldsV1)), ...changed],
  );
  const taken =
    apply === undefined ? changed : changedIn(apply.applied, { a: object, b: current, lists });
  const others = earlier
    .filter((entry) => !mine(entry))
    .flatMap((entry) => {
      const rest = still(
        without(fromFieldsV1(fieldsOf(entry.fieldsV1)), current === undefined ? new Map() : taken),
        object,
        lists,
      );
      return rest.size === 0 ? [] : [{ ...entry, fieldsV1: toFieldsV1(rest) }];
    });
  const fieldsV1 = toFieldsV1(still(owned, object, lists));
  const same = before !== undefined && sameJson(before.fieldsV1, fieldsV1) && changed.size === 0;
  const entry: ManagedFields = {
    manager: write.manager,
    operation,
    apiVersion: groupVersion(resource),
    time: same ? (before.time ?? write.now) : write.now,
    fieldsType: "FieldsV1",
    fieldsV1,
    ...(write.subresource !== "" && { subresource: write.subresource }),
  };
  const managedFields = Object.keys(fieldsV1).length === 0 ? others : [...others, entry];
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

/** Merges what is applied into the current object; throws Conflict where another manager owns a changed field. */
export function applyTo(
  resource: ApiResource,
  current: ApiObject,
  how: {
    readonly config: ApiObject;
    readonly manager: string;
    readonly force: boolean;
    readonly subresource: string;
  },
): { readonly object: ApiObject; readonly apply: ApplyOptions } {
  const lists = builtInLists(resource.kind);
  const applied = fieldsIn(how.config, lists);
  const owners = current.metadata.managedFields ?? [];
  const mine = (entry: ManagedFields): boolean =>
    entry.manager === how.manager &&
    entry.operation === "Apply" &&
    (entry.subresource ?? "") === how.subresource;
  const changed = changedIn(applied, { a: how.config, b: current, lists });
  if (!how.force)
    refuseConflicts(
      owners.filter((entry) => !mine(entry)),
      changed,
    );
  const object = copy(current);
  let dropped: FieldSet = without(fromFieldsV1(fieldsOf(owners.find(mine)?.fieldsV1)), applied);
  for (const other of owners.filter((entry) => !mine(entry)))
    dropped = without(dropped, fromFieldsV1(fieldsOf(other.fieldsV1)));
  for (const path of [...dropped.values()].toSorted((a, b) => b.length - a.length))
    remove(object, path, lists);
  const { metadata, ...rest } = how.config;
  const { managedFields: _, resourceVersion, ...sent } = metadata;
  const merged = merge(object, { ...rest, metadata: sent }, { lists, names: [] }) as ApiObject;
  if (resourceVersion) merged.metadata.resourceVersion = resourceVersion;
  return { object: merged, apply: { manager: how.manager, applied } };
}

/** The fields that an object which is made by applying gives to its manager. */
export function applyNew(resource: ApiResource, config: ApiObject, manager: string): ApplyOptions {
  return { manager, applied: fieldsIn(config, builtInLists(resource.kind)) };
}

function refuseConflicts(others: readonly ManagedFields[], changed: FieldSet): void {
  const causes = others.flatMap((entry) => {
    const owned = fromFieldsV1(fieldsOf(entry.fieldsV1));
    return [...changed]
      .filter(([text]) => owned.has(text))
      .map(([, path]) => ({
        reason: "FieldManagerConflict",
        message: `conflict with "${entry.manager}"${entry.operation === "Update" ? ` using ${entry.apiVersion}` : ""}`,
        field: describePath(path),
      }));
  });
  if (causes.length === 0) return;
  const told = causes.map(({ message, field }) => `${message}: ${field}`).join("\n");
  throw new ApiError(
    "Conflict",
    `Apply failed with ${causes.length} conflict${causes.length === 1 ? "" : "s"}: ${told}`,
    {
      details: { causes },
    },
  );
}

function still(set: FieldSet, object: ApiObject, lists: ListKinds): FieldSet {
  return new Map([...set].filter(([, path]) => valueAt(object, path, lists) !== undefined));
}

function merge(
  target: unknown,
  config: unknown,
  how: { readonly lists: ListKinds; readonly names: readonly string[] },
): unknown {
  if (isFields(config)) {
    const result: Fields = { ...fieldsOf(target) };
    for (const [name, value] of Object.entries(config))
      result[name] = merge(result[name], value, { ...how, names: [...how.names, name] });
    return result;
  }
  const kind = Array.isArray(config) ? how.lists(how.names) : undefined;
  if (!Array.isArray(config) || kind === undefined || !Array.isArray(target)) return config;
  if (kind === "set") return [...new Set([...target, ...config])];
  const result = target.filter(isFields);
  for (const each of config.filter(isFields)) {
    const key = keyOfElement(each, kind);
    const index = result.findIndex((other) => keyOfElement(other, kind) === key);
    if (index < 0) result.push(each);
    else result[index] = fieldsOf(merge(result[index], each, how));
  }
  return result;
}

function remove(object: Fields, path: readonly string[], lists: ListKinds): void {
  const whole = path.at(-1) === "." ? path.slice(0, -1) : path;
  const last = whole.at(-1) ?? "";
  const parent = valueAt(object, whole.slice(0, -1), lists);
  if (last.startsWith("f:") && isFields(parent)) delete parent[last.slice(2)];
  if (!Array.isArray(parent)) return;
  const gone = valueAt(object, whole, lists);
  const index = parent.indexOf(gone);
  if (index >= 0) parent.splice(index, 1);
}
