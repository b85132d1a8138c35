/** What an instance runs, as a few lines. */

import type { Pod } from "#lib/k8s/types/core.ts";
import type { ExposedPort } from "./network/expose.ts";

/** A line for each pod, then the ports on the loopback. */
export function describe(pods: readonly Pod[], exposed: readonly ExposedPort[]): string {
  const rows = pods
    .map(({ metadata, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
      return [
        metadata?.namespace ?? "",
        metadata?.name ?? "",
        ready ? "ready" : (status?.phase ?? "Pending"),
        status?.podIP ?? "",
      ];
    })
    .toSorted((a, b) => a.join("/").localeCompare(b.join("/")));
  const ports = exposed.map(
    ({ service, port, local }) => `${service}:${port} is http://127.0.0.1:${local}\n`,
  );
  return `${columns([["NAMESPACE", "POD", "STATE", "ADDRESS"], ...rows])}${ports.length === 0 ? "" : `\n${ports.join("")}`}`;
}

/** Rows with their columns aligned, three spaces apart as kubectl's. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("   ")
          .trimEnd()}\n`,
    )
    .join("");
}
