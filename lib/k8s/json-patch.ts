/** JSON patches (RFC 6902) with escaped paths (RFC 6901), as the difference of two values. */

/** What JSON can say; members that are undefined count as missing. */
export type JsonValue = unknown;

/** One step of a patch. */
export type PatchOperation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: JsonValue }
  | { readonly op: "remove"; readonly path: string };

/** A pointer to a member: `~` and `/` in keys are escaped (RFC 6901 §3). */
export function jsonPointer(keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The steps that make `after` of `before`; none where they are equal. Lists of different lengths are replaced. */
export function diffJson(before: JsonValue, after: JsonValue): readonly PatchOperation[] {
  const operations: PatchOperation[] = [];
  diff(before, after, { path: [], operations });
  return operations;
}

type Members = Readonly<Record<string, JsonValue>>;
type Walk = {
  readonly path: readonly (string | number)[];
  readonly operations: PatchOperation[];
};

function diff(before: JsonValue, after: JsonValue, walk: Walk): void {
  if (before === after) return;
  if (isObject(before) && isObject(after)) diffMembers(before, after, walk);
  else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    after.forEach((value, index) => {
      diff(before[index], value, { ...walk, path: [...walk.path, index] });
    });
  else if (!Bun.deepEquals(before, after))
    walk.operations.push({ op: "replace", path: jsonPointer(walk.path), value: after });
}

function diffMembers(before: Members, after: Members, { path, operations }: Walk): void {
  for (const key of Object.keys(before))
    if (own(before, key) !== undefined && own(after, key) === undefined)
      operations.push({ op: "remove", path: jsonPointer([...path, key]) });
  for (const [key, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const had = own(before, key);
    const at = [...path, key];
    if (had === undefined) operations.push({ op: "add", path: jsonPointer(at), value });
    else diff(had, value, { path: at, operations });
  }
}

/** A member of the object itself: every object inherits a `constructor`. */
function own(object: Members, key: string): JsonValue {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isObject(value: JsonValue): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
