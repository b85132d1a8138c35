/** `viz stat-outbound`: what workloads ask for, by Service, route and backend. */

import type { Command } from "commander";
import {
  OUTBOUND_READS,
  type OutboundFigures,
  type OutboundRoute,
  outboundRoutes,
} from "../../viz/core/stat-outbound.ts";
import type { Context } from "../context.ts";
import { latencies, percent } from "../figures.ts";
import { addStatCommand, latencyJson } from "../stat-command.ts";

type Row = OutboundRoute & { readonly name: string };

/** Adds `viz stat-outbound`. */
export function addVizStatOutbound(viz: Command, context: Context): void {
  addStatCommand<Row>(viz, context, {
    name: "stat-outbound",
    summary: "Display outbound traffic stats about a resource",
    example: [
      "What one deployment asks for",
      "bunkerd viz stat-outbound deploy/web -n shop -t 10s",
    ],
    rowsOf: ({ name, pairs }) => outboundRoutes(pairs).map((row) => ({ name, ...row })),
    reads: OUTBOUND_READS,
    columns: [
      ...["NAME", "SERVICE", "ROUTE", "TYPE", "BACKEND"].map((title) => ({ title, left: true })),
      ...["SUCCESS", "RPS", "LATENCY_P50", "LATENCY_P95", "LATENCY_P99", "TIMEOUTS", "RETRIES"].map(
        (title) => ({ title }),
      ),
    ],
    linesOf,
    toJson,
  });
}

/** A line for the route, and one for each of its backends. */
function linesOf(row: Row): string[][] {
  const figures = (of: OutboundFigures): string[] => [
    ...[percent(of.success), of.rps.toFixed(2), ...latencies(of.latencyMs), percent(of.timeouts)],
  ];
  const { name, service, port, route, routeType, backends, retries } = row;
  return [
    [name, `${service}:${port}`, route, routeType, "", ...figures(row), percent(retries)],
    ...backends.map((of, at) => [
      ...[
        "",
        "",
        at === backends.length - 1 ? "└─" : "├─",
        "─►",
        `${of.backend}:${of.backendPort}`,
      ],
      ...[...figures(of), ""],
    ]),
  ];
}

function toJson({ backends, retries, ...row }: Row): Record<string, unknown>[] {
  const { name, service, port, route, routeType } = row;
  const of = { name, service, port, route, routeType };
  const figures = ({ success, rps, latencyMs, timeouts }: OutboundFigures) => ({
    ...{ successRate: success, rps, ...latencyJson(latencyMs), timeoutRate: timeouts },
  });
  return [
    { ...of, ...figures(row), retryRate: retries },
    ...backends.map(({ backend, backendPort, ...own }) => ({
      ...{ ...of, backend, backendPort, ...figures(own) },
    })),
  ];
}
