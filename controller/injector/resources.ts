/** Requests and limits of a container, out of values that may say nothing. */

import type { Container } from "#lib/k8s/types/core.ts";
import type { Resources } from "./values.ts";

/** The container's part; empty where no quantity is given. */
export function resourcesOf({ cpu, memory }: Resources): Pick<Container, "resources"> {
  const limits = quantities(cpu.limit, memory.limit);
  const requests = quantities(cpu.request, memory.request);
  if (limits === undefined && requests === undefined) return {};
  return { resources: { ...(limits && { limits }), ...(requests && { requests }) } };
}

function quantities(cpu: string, memory: string): Record<string, string> | undefined {
  if (cpu === "" && memory === "") return undefined;
  return { ...(cpu !== "" && { cpu }), ...(memory !== "" && { memory }) };
}
