/** Who asks, as proxies are told to say it (INB1). */

import type { WorkloadName } from "../core/catalog.ts";

/** Reads JSON `{"ns","pod"}` or `{"ns","external_workload"}`, or `ns:pod`; undefined for anything else. */
export function readWorkload(token: string): WorkloadName | undefined {
  const [, namespace, name] = /^([^:{}\s]+):([^:{}\s]+)$/.exec(token.trim()) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name, external: false };
  try {
    const read = JSON.parse(token) as { ns?: unknown; pod?: unknown; external_workload?: unknown };
    const { ns, pod, external_workload: outside } = read;
    if (!isName(ns)) return undefined;
    if (isName(pod)) return { namespace: ns, name: pod, external: false };
    return isName(outside) ? { namespace: ns, name: outside, external: true } : undefined;
  } catch {
    return undefined;
  }
}

const isName = (value: unknown): value is string => typeof value === "string" && value !== "";
