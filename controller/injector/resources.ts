/** Requests and limits of a container, out of values that may say nothing, and of annotations. */

import { CONFIG } from "#lib/k8s/annotations.ts";
import { parseQuantity } from "#lib/k8s/quantity.ts";
import type { Container } from "#lib/k8s/types/core.ts";
import type { MarkReader } from "./mark-reader.ts";
import type { Resources } from "./values.ts";

/** Quantities of local storage; empty where nothing is said. */
export type StorageQuantities = { readonly request: string; readonly limit: string };

const NONE: StorageQuantities = { request: "", limit: "" };

/** The container's part; empty where no quantity is given. */
export function resourcesOf(
  { cpu, memory }: Resources,
  ephemeralStorage: StorageQuantities = NONE,
): Pick<Container, "resources"> {
  const all = { cpu, memory, "ephemeral-storage": ephemeralStorage };
  const limits = quantities(all, "limit");
  const requests = quantities(all, "request");
  if (limits === undefined && requests === undefined) return {};
  return { resources: { ...(limits && { limits }), ...(requests && { requests }) } };
}

function quantities(
  all: Readonly<Record<string, StorageQuantities>>,
  which: keyof StorageQuantities,
): Record<string, string> | undefined {
  const given = Object.entries(all).flatMap(([name, { [which]: value }]) =>
    value === "" ? [] : [[name, value] as const],
  );
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** The values with what annotations say; a request beyond its limit is lowered to it, as no pod could have it. */
export function readResources(
  reader: MarkReader,
  { cpu, memory }: Resources,
): { readonly resources: Resources; readonly ephemeralStorage: StorageQuantities } {
  const one = (name: string, fallback: StorageQuantities): StorageQuantities => {
    const quantity = (which: string): string | undefined =>
      reader.read(`${CONFIG}proxy-${name}-${which}`, (text) =>
        parseQuantity(text) === undefined ? undefined : text,
      );
    const request = quantity("request") ?? fallback.request;
    const limit = quantity("limit") ?? fallback.limit;
    if ((parseQuantity(request) ?? 0) <= (parseQuantity(limit) ?? Number.POSITIVE_INFINITY))
      return { request, limit };
    reader.warn(`the proxy's ${name} request ${request} is above its limit ${limit}, which counts`);
    return { request: limit, limit };
  };
  return {
    resources: { cpu: one("cpu", cpu), memory: one("memory", memory) },
    ephemeralStorage: one("ephemeral-storage", NONE),
  };
}
