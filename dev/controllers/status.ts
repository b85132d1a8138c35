/** Conditions and status writes, shared by the controllers. */

import type { KubeClient } from "#lib/k8s/client.ts";
import type { Resource } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";

/** A condition of a workload; times are RFC 3339. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
}

/** The conditions with one set; its times change with its status and reason. */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  { now, ...wanted }: Condition & { readonly now: string },
): Condition[] {
  const before = conditions?.find(({ type }) => type === wanted.type);
  const same =
    before?.status === wanted.status &&
    before.reason === wanted.reason &&
    before.message === wanted.message;
  const transition = before?.status === wanted.status ? before.lastTransitionTime : now;
  const next = same
    ? before
    : { ...wanted, lastUpdateTime: now, lastTransitionTime: transition ?? now };
  return [...(conditions ?? []).filter(({ type }) => type !== wanted.type), next];
}

/** Writes the status where it differs from what is there. */
export async function writeStatus<T extends KubeObject & { status?: unknown }>(
  client: KubeClient,
  resource: Resource<T>,
  { object, status }: { readonly object: T; readonly status: unknown },
): Promise<void> {
  if (sameJson(object.status, status)) return;
  const { name = "", namespace } = object.metadata ?? {};
  await client.patch(
    resource,
    { name, namespace },
    { type: "json", subresource: "status", body: [{ op: "add", path: "/status", value: status }] },
  );
}

/** RFC 3339 in whole seconds. */
export function rfc3339(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}

/** Whether two values are the same JSON; fields in any order. */
export function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** A value with the fields of its objects in order, so that equal ones have one text. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, each]) => [name, sorted(each)]),
  );
}
