/** `viz authz`: who was let in, and who was not. */

import { type Command, Option } from "commander";
import { PODS } from "#lib/k8s/resource.ts";
import { type AuthzRow, authzOf } from "../../viz/core/authz.ts";
import { isMeshed } from "../check/proxies.ts";
import { addCommand, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { latencies, percent, rate } from "../figures.ts";
import { readWindow, scrapeTwice } from "../scraping.ts";
import { writeRows } from "../table.ts";
import { findWorkloads, parseWorkloads, podsOf, SELECTOR, WORKLOAD_WORDS } from "../workloads.ts";

type Flags = {
  readonly namespace?: string;
  readonly selector?: string;
  readonly timeWindow: string;
  readonly output: "table" | "json";
};

/** Adds `viz authz`. */
export function addVizAuthz(viz: Command, context: Context): void {
  const command = addCommand(viz, {
    usage: "authz <WORKLOADS...>",
    summary: "Display stats for authorizations",
    details: `WORKLOADS are kinds ${WORKLOAD_WORDS}. Every proxy is scraped twice; the figures are those of the time in between.`,
    examples: [["Who called one deployment", "bunkerd viz authz deploy/web -n shop -t 10s"]],
  })
    .option("-n, --namespace <name>", "Namespace of the resources; the context's unless given")
    .option("-l, --selector <query>", SELECTOR)
    .option("-t, --time-window <duration>", "Time between the two scrapes", "2s")
    .addOption(
      new Option("-o, --output <format>", "Output format")
        .choices(["table", "json"])
        .default("table"),
    );
  command.action(async (words: string[]) => {
    const flags = flagsOf<Flags>(command);
    const named = parseWorkloads(words);
    const window = readWindow(flags.timeWindow);
    const { client, namespace: own } = await context.connect(flags);
    const { selector, namespace = own } = flags;
    const { items } = await client.list(PODS, { namespace });
    const workloads = await Promise.all(
      named.map((each) => findWorkloads(client, { named: each, namespace, selector })),
    );
    const pods = workloads
      .flat()
      .flatMap((workload) => podsOf(workload, items))
      .filter((pod) => isMeshed(pod, flags.linkerdNamespace));
    const pairs = await scrapeTwice(client, { pods, window, context });
    const how = { toJson: jsonOf, none: "No traffic found.", columns: COLUMNS, cells: cellsOf };
    const rows = authzOf([...pairs.values()]);
    writeRows(rows, { json: flags.output === "json", ...how }, context.terminal);
  });
}

const COLUMNS = [
  ...["ROUTE", "SERVER", "AUTHORIZATION"].map((title) => ({ title, left: true })),
  ...["UNAUTHORIZED", "SUCCESS", "RPS", "LATENCY_P50", "LATENCY_P95", "LATENCY_P99"].map(
    (title) => ({ title }),
  ),
];

const cellsOf = (row: AuthzRow): string[] => [
  ...[row.route, row.server, row.authorization ?? "-"],
  ...[rate(row.unauthorized), percent(row.success), rate(row.rps)],
  ...latencies(row.latencyMs),
];

function jsonOf({ latencyMs, authorization, success, ...row }: AuthzRow): Record<string, unknown> {
  return {
    ...row,
    authorization: authorization ?? null,
    success: success ?? null,
    latency_ms_p50: latencyMs.p50 ?? null,
    latency_ms_p95: latencyMs.p95 ?? null,
    latency_ms_p99: latencyMs.p99 ?? null,
  };
}
