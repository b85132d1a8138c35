/** `viz stat`: what workloads receive, from two scrapes of their proxies; no Prometheus. */

import { type Command, Option } from "commander";
import type { Stat } from "../../viz/core/stat.ts";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { latencies, percent, rate } from "../figures.ts";
import { isPolicy, policyStats } from "../policy-stats.ts";
import { readWindow } from "../scraping.ts";
import { type Column, writeRows } from "../table.ts";
import { readTraffic, type TrafficFlags } from "../traffic.ts";
import { type WorkloadRow, workloadStats } from "../workload-stats.ts";
import { SELECTOR } from "../workloads.ts";

type Flags = TrafficFlags & {
  readonly selector?: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly timeWindow: string;
  readonly output: "table" | "wide" | "json";
  readonly unmeshed?: boolean;
};

/** Adds `viz stat`. */
export function addVizStat(viz: Command, context: Context): void {
  const command = addCommand(viz, {
    usage: "stat <RESOURCES...>",
    summary: "Display traffic stats about one or many resources",
    details:
      "RESOURCES are kinds (deploy, ds, sts, rs, rc, job, cj, po, ns, svc, au, all), with or without a name, also of policy (server, saz, ap, httproute). Every proxy is scraped twice; the figures are those of the time in between. Of a Service those who call it tell, from any namespace; of an authority proxies tell where they send, as with --from, and where they receive only with INBOUND_METRICS_AUTHORITY_LABELS=unsafe.",
    examples: [
      ["All the deployments in a namespace", "bunkerd viz stat deploy -n shop"],
      ["Each namespace", "bunkerd viz stat ns"],
      ["What one deployment asks for, by name", "bunkerd viz stat au -n shop --from deploy/web"],
      ["Servers, and who was not let in", "bunkerd viz stat server -n shop"],
      [
        "What one deployment sends to another",
        "bunkerd viz stat deploy/web -n shop --to deploy/api",
      ],
      ["One deployment over ten seconds", "bunkerd viz stat deploy/web -n shop -t 10s"],
    ],
  })
    .option("-n, --namespace <name>", "Namespace of the resources; the context's unless given")
    .option("-A, --all-namespaces", "Ignore --namespace and use all namespaces")
    .option("-l, --selector <query>", SELECTOR)
    .option(
      "--to <resource>",
      "Show what the resources send to this one; a Service, namespace or authority too",
    )
    .option("--to-namespace <name>", "Namespace of --to; that of the resources unless given")
    .option("--from <resource>", "Show what this one sends to the resources")
    .option("--from-namespace <name>", "Namespace of --from; that of the resources unless given")
    .option("-t, --time-window <duration>", "Time between the two scrapes", "2s")
    .option("--unmeshed", "Include resources without proxies")
    .addOption(
      new Option("-o, --output <format>", "Output format")
        .choices(["table", "wide", "json"])
        .default("table"),
    );
  command.action(
    async (words: string[]) => await stat(words, { flags: flagsOf<Flags>(command), context }),
  );
}

type Run = { readonly flags: ReturnType<typeof flagsOf<Flags>>; readonly context: Context };

async function stat(words: readonly string[], { flags, context }: Run): Promise<void> {
  const window = readWindow(flags.timeWindow);
  const { output, selector, linkerdNamespace, unmeshed = false, namespace: given } = flags;
  const policies = words.filter(isPolicy);
  const others = words.filter((word) => !isPolicy(word));
  if (policies.length > 0 && (flags.to !== undefined || flags.from !== undefined))
    throw new CommandError(`Cannot use --to or --from with "${policies[0]}"`);
  const cluster = await context.connect(flags);
  const own = given ?? cluster.namespace;
  const traffic = readTraffic(flags, own);
  const namespace = flags.allNamespaces === true ? undefined : own;
  const how = { namespace, selector, window, linkerdNamespace, context };
  const { client } = cluster;
  const rows =
    others.length === 0 ? [] : await workloadStats(others, { ...how, client, traffic, unmeshed });
  const wide = output === "wide";
  const { tables, json } =
    policies.length === 0
      ? { tables: [], json: [] }
      : await policyStats(policies, { ...how, cluster, wide });
  if (policies.length === 0) print(rows, { flags, context });
  else if (output === "json")
    context.terminal.write(`${JSON.stringify([...rows.map(jsonOf), ...json], undefined, 2)}\n`);
  else {
    if (rows.length > 0) print(rows, { flags, context });
    context.terminal.write(`${rows.length > 0 ? "\n" : ""}${tables.join("\n")}`);
  }
}

function print(rows: readonly WorkloadRow[], { flags, context }: Run): void {
  const wide = flags.output === "wide";
  const kinds = new Set(rows.map(({ kind }) => kind)).size > 1;
  const status = !kinds && rows[0]?.kind === "pod";
  const columns: Column[] = [
    ...(flags.allNamespaces === true ? [{ title: "NAMESPACE", left: true }] : []),
    { title: "NAME", left: true },
    ...(status ? ["STATUS"] : []),
    ...["MESHED", "SUCCESS", "RPS", "LATENCY_P50", "LATENCY_P95", "LATENCY_P99", "TCP_CONN"],
    ...(wide ? ["READ_BYTES/SEC", "WRITE_BYTES/SEC"] : []),
    "SECURED",
  ].map((column) => (typeof column === "string" ? { title: column } : column));
  const cells = (row: WorkloadRow): string[] => [
    ...(flags.allNamespaces === true ? [row.namespace || "-"] : []),
    kinds ? `${row.kind}/${row.name}` : row.name,
    ...(status ? [row.status] : []),
    meshedOf(row),
    ...figures(row.stat, { wide }),
  ];
  const json = flags.output === "json";
  const how = { json, toJson: jsonOf, none: "No traffic found.", columns, cells };
  writeRows(rows, how, context.terminal);
}

function figures(stat: Stat | undefined, { wide }: { readonly wide: boolean }): string[] {
  const bytes = (value: number | undefined): string =>
    value === undefined ? "-" : `${value.toFixed(1)}B/s`;
  const served = stat?.success !== undefined;
  return [
    percent(stat?.success),
    served ? rate(stat.rps) : "-",
    ...latencies(stat?.latencyMs),
    stat === undefined ? "-" : String(stat.tcpConnections),
    ...(wide ? [bytes(stat?.readRate), bytes(stat?.writeRate)] : []),
    percent(stat?.secured),
  ];
}

/** How many of its pods have proxies. */
const meshedOf = ({ pods }: WorkloadRow): string =>
  pods === undefined ? "-" : `${pods.meshed}/${pods.all}`;

function jsonOf(of: WorkloadRow): Record<string, unknown> {
  const { stat, pods: _, status: __, ...row } = of;
  return {
    ...row,
    meshed: meshedOf(of),
    success: stat?.success ?? null,
    rps: stat?.success === undefined ? null : stat.rps,
    latency_ms_p50: stat?.latencyMs.p50 ?? null,
    latency_ms_p95: stat?.latencyMs.p95 ?? null,
    latency_ms_p99: stat?.latencyMs.p99 ?? null,
    tcp_open_connections: stat?.tcpConnections ?? null,
    tcp_read_bytes_rate: stat?.readRate ?? null,
    tcp_write_bytes_rate: stat?.writeRate ?? null,
    secured: stat?.secured ?? null,
  };
}
