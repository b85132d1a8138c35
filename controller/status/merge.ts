/** Puts conditions into the status that an object has: what is others' stays, and what has not changed is not written. */

import { isObject } from "#lib/k8s/shape.ts";
import type { ParentRef } from "../core/route.ts";
import { CONTROLLER_NAME, type Condition } from "./conditions.ts";
import { type ParentStatus, parentKey } from "./route-conditions.ts";

/** What conditions are stamped with. */
export type Stamp = {
  /** Of the object that they are about; undefined where it has none. */
  readonly generation: number | undefined;
  /** Calendar milliseconds. */
  readonly wallMs: number;
};

/** A condition as the API has it. */
export type WrittenCondition = Condition & {
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
};

type Object = Readonly<Record<string, unknown>>;

const OWN_TYPES: readonly unknown[] = ["Accepted", "ResolvedRefs", "PartiallyInvalid"];
const MS_PER_SECOND = 1_000;

/** The new `status.parents` of a route; undefined where it has them already, or has been told of a newer generation. */
export function mergeParents(
  status: unknown,
  desired: readonly ParentStatus[],
  stamp: Stamp,
): readonly unknown[] | undefined {
  const present = listOf(status, "parents");
  const own = present.filter(isOwn);
  if (own.some((entry) => isAhead(listOf(entry, "conditions"), stamp))) return undefined;
  const wanted = new Map(desired.map((each) => [parentKey(each.parent), each]));
  let changed = false;
  const kept = present.flatMap((entry) => {
    if (!isOwn(entry)) return [entry];
    const key = keyOf(entry);
    const parent = wanted.get(key);
    wanted.delete(key);
    const conditions =
      parent && mergeConditions(listOf(entry, "conditions"), parent.conditions, stamp);
    if (parent !== undefined && conditions === undefined) return [entry];
    changed = true;
    return parent === undefined || conditions === undefined ? [] : [toEntry(parent, conditions)];
  });
  const added = [...wanted.values()].map((each) =>
    toEntry(each, mergeConditions([], each.conditions, stamp) ?? []),
  );
  return changed || added.length > 0 ? [...kept, ...added] : undefined;
}

/** The new conditions of an object; undefined where it has them already, or has been told of a newer generation. */
export function mergeConditions(
  present: readonly unknown[],
  desired: readonly Condition[],
  stamp: Stamp,
): readonly unknown[] | undefined {
  if (isAhead(present, stamp)) return undefined;
  const wanted = new Map(desired.map((each) => [each.type as unknown, each]));
  let changed = false;
  const kept = present.flatMap((condition) => {
    const type = isObject(condition) ? condition["type"] : undefined;
    if (!isObject(condition) || !OWN_TYPES.includes(type)) return [condition];
    const next = wanted.get(type);
    wanted.delete(type);
    const written = next && stamped(next, condition, stamp);
    if (written !== undefined && isSame(condition, written)) return [condition];
    changed = true;
    return written === undefined ? [] : [written];
  });
  const added = [...wanted.values()].map((each) => stamped(each, {}, stamp));
  return changed || added.length > 0 ? [...kept, ...added] : undefined;
}

/** The list of that name in an object of any form. */
export function listOf(value: unknown, name: "parents" | "conditions"): readonly unknown[] {
  const list = isObject(value) ? value[name] : undefined;
  return Array.isArray(list) ? list : [];
}

/** Time moves only where the condition does. */
function stamped(condition: Condition, before: Object, stamp: Stamp): WrittenCondition {
  const { lastTransitionTime: since } = before;
  const same = before["status"] === condition.status && typeof since === "string";
  const { generation, wallMs } = stamp;
  return {
    ...condition,
    lastTransitionTime: same ? since : toTime(wallMs),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
}

function isSame(before: Object, after: WrittenCondition): boolean {
  const members = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...members].every((name) => before[name] === (after as Object)[name]);
}

/** Whether conditions speak of a generation that is not known here yet. */
const isAhead = (conditions: readonly unknown[], { generation }: Stamp): boolean =>
  generation !== undefined &&
  conditions.some(
    (each) =>
      isObject(each) &&
      OWN_TYPES.includes(each["type"]) &&
      Number(each["observedGeneration"]) > generation,
  );

const isOwn = (entry: unknown): boolean =>
  isObject(entry) && entry["controllerName"] === CONTROLLER_NAME;

function keyOf(entry: unknown): string {
  const ref = isObject(entry) && isObject(entry["parentRef"]) ? entry["parentRef"] : {};
  const { group, kind, namespace, name, port, sectionName: section } = ref;
  return parentKey({ group, kind, namespace, name, port, section } as ParentRef);
}

const toEntry = ({ parent }: ParentStatus, conditions: readonly unknown[]): Object => {
  const { group, kind, namespace, name, port, section } = parent;
  return {
    conditions,
    controllerName: CONTROLLER_NAME,
    parentRef: {
      ...{ group, kind, namespace, name },
      ...(port !== undefined && { port }),
      ...(section !== undefined && { sectionName: section }),
    },
  };
};

/** RFC 3339 in whole seconds, as Kubernetes has times. */
const toTime = (wallMs: number): string =>
  `${new Date(Math.floor(wallMs / MS_PER_SECOND) * MS_PER_SECOND).toISOString().slice(0, -5)}Z`;
