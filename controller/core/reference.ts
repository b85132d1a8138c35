/** References from one object to another, by group, kind and name. */

/** A reference; a group that is absent is the core group, which may also be called `core`. */
export interface Reference {
  readonly group?: string | null;
  readonly kind: string;
  readonly name?: string | null;
  readonly namespace?: string | null;
}

/** Whether a reference is to one of these kinds of a group. Kinds are compared as Linkerd does, without regard to case. */
export function isOf(
  reference: Pick<Reference, "group" | "kind">,
  group: string,
  ...kinds: readonly string[]
): boolean {
  const named = reference.group ?? "";
  const same = group === "" ? named === "" || named === "core" : named.toLowerCase() === group;
  return same && kinds.some((kind) => kind.toLowerCase() === reference.kind.toLowerCase());
}
