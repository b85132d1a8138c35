/** `viz stat-inbound`: what workloads receive, by server and route. */

import type { Command } from "commander";
import { INBOUND_READS, type InboundRoute, inboundRoutes } from "../../viz/core/stat-inbound.ts";
import type { Context } from "../context.ts";
import { latencies, percent } from "../figures.ts";
import { addStatCommand, latencyJson } from "../stat-command.ts";

type Row = InboundRoute & { readonly name: string };

/** Adds `viz stat-inbound`. */
export function addVizStatInbound(viz: Command, context: Context): void {
  addStatCommand<Row>(viz, context, {
    name: "stat-inbound",
    summary: "Display inbound traffic stats about a resource",
    example: ["What one deployment receives", "bunkerd viz stat-inbound deploy/web -n shop -t 10s"],
    rowsOf: ({ name, pairs }) => inboundRoutes(pairs).map((row) => ({ name, ...row })),
    reads: INBOUND_READS,
    columns: [
      ...["NAME", "SERVER", "ROUTE", "TYPE"].map((title) => ({ title, left: true })),
      ...["SUCCESS", "RPS", "LATENCY_P50", "LATENCY_P95", "LATENCY_P99"].map((title) => ({
        title,
      })),
    ],
    linesOf: (row) => [
      [
        ...[row.name, `${row.server}:${row.port}`, row.route, row.routeType],
        ...[percent(row.success), row.rps.toFixed(2), ...latencies(row.latencyMs)],
      ],
    ],
    toJson: ({ latencyMs, success, rps, ...row }) => [
      { ...row, successesRate: success, rps, ...latencyJson(latencyMs) },
    ],
  });
}
