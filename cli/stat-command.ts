/** Commands that show what routes of workloads do: the same flags, other rows. */

import { type Command, Option } from "commander";
import type { Latency } from "../viz/core/growth.ts";
import type { Reads } from "../viz/core/prometheus.ts";
import { askWorkloads } from "./asked-workloads.ts";
import { addCommand, flagsOf } from "./command.ts";
import type { Context } from "./context.ts";
import { prometheusAt } from "./prometheus.ts";
import { type ScrapedWorkload, scrapeWorkloads } from "./scraped-workloads.ts";
import { type Column, renderTable } from "./table.ts";
import { WORKLOAD_WORDS } from "./workloads.ts";

type Flags = {
  readonly namespace?: string;
  readonly timeWindow?: string;
  readonly prometheusURL?: string;
  readonly output: "table" | "json";
};

/** What one of them is. */
export type StatCommand<Row> = {
  readonly name: string;
  readonly summary: string;
  /** What it is for, and the command line. */
  readonly example: readonly [string, string];
  readonly rowsOf: (workload: Pick<ScrapedWorkload, "name" | "pairs">) => readonly Row[];
  /** What `rowsOf` looks at. */
  readonly reads: Reads;
  readonly columns: readonly Column[];
  readonly linesOf: (row: Row) => readonly (readonly string[])[];
  readonly toJson: (row: Row) => readonly Record<string, unknown>[];
};

/** Adds it. */
export function addStatCommand<Row>(viz: Command, context: Context, of: StatCommand<Row>): void {
  const command = addCommand(viz, {
    usage: `${of.name} <WORKLOADS...>`,
    summary: of.summary,
    details: `WORKLOADS are kinds ${WORKLOAD_WORDS}. Every proxy is scraped twice; the figures are those of the time in between. With --prometheusURL a Prometheus that scrapes the proxies is asked instead.`,
    examples: [
      of.example,
      [
        "The same, of the last minute, out of a Prometheus",
        `bunkerd viz ${of.name} deploy/web -n shop --prometheusURL http://localhost:9090`,
      ],
    ],
  })
    .option("-n, --namespace <name>", "Namespace of the resources; the context's unless given")
    .option(
      "-t, --time-window <duration>",
      "Time between the two scrapes (2s), or how far back Prometheus looks (1m)",
    )
    .option("--prometheusURL <url>", "A Prometheus to ask, such as http://localhost:9090")
    .addOption(
      new Option("-o, --output <format>", "Output format")
        .choices(["table", "json"])
        .default("table"),
    );
  command.action(async (words: string[]) => {
    const flags = flagsOf<Flags>(command);
    const { prometheusURL: url, timeWindow } = flags;
    const workloads =
      url === undefined
        ? await scrapeWorkloads(words, {
            flags: { ...flags, timeWindow: timeWindow ?? "2s" },
            context,
          })
        : await askWorkloads(words, {
            flags: { ...flags, timeWindow: timeWindow ?? "1m" },
            context,
            reads: of.reads,
            ask: prometheusAt(url),
          });
    const rows = workloads.flatMap(of.rowsOf);
    const { terminal } = context;
    if (flags.output === "json")
      terminal.write(`${JSON.stringify(rows.flatMap(of.toJson), undefined, 2)}\n`);
    else if (rows.length === 0) terminal.warn("No traffic found.\n");
    else terminal.write(renderTable(of.columns, rows.flatMap(of.linesOf)));
  });
}

/** Latencies by the keys that these commands have for them; null where there is none. */
export const latencyJson = ({ p50, p95, p99 }: Latency): Record<string, number | null> => ({
  latencyMsP50: p50 ?? null,
  latencyMsP95: p95 ?? null,
  latencyMsP99: p99 ?? null,
});
