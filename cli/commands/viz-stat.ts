/** `viz stat`: what workloads receive, from two scrapes of their proxies; no Prometheus. */

import { type Command, Option } from "commander";
import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { type Stat, statOf } from "../../viz/core/stat.ts";
import { isMeshed } from "../check/proxies.ts";
import { addCommand, flagsOf } from "../command.ts";
import type { Cluster, Context } from "../context.ts";
import { latencies, percent, rate } from "../figures.ts";
import { isPolicy, policyStats } from "../policy-stats.ts";
import { nameOf, readWindow, scrapeTwice } from "../scraping.ts";
import { type Column, writeRows } from "../table.ts";
import { findWorkloads, parseWorkloads, podsOf } from "../workloads.ts";

type Flags = {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly timeWindow: string;
  readonly output: "table" | "wide" | "json";
  readonly unmeshed?: boolean;
};

/** One workload; `stat` is undefined where none of its proxies answered. */
type Row = {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly meshed: number;
  readonly pods: number;
  /** Of a pod: its phase. */
  readonly status: string;
  readonly stat: Stat | undefined;
};

/** Adds `viz stat`. */
export function addVizStat(viz: Command, context: Context): void {
  const command = addCommand(viz, {
    usage: "stat <WORKLOADS...>",
    summary: "Display traffic stats about one or many resources",
    details:
      "WORKLOADS are kinds (deploy, ds, sts, rs, job, po) with or without a name, also of policy (server, saz, ap, httproute). Every proxy is scraped twice; the figures are those of the time in between.",
    examples: [
      ["All the deployments in a namespace", "bunkerd viz stat deploy -n shop"],
      ["Servers, and who was not let in", "bunkerd viz stat server -n shop"],
      ["One deployment over ten seconds", "bunkerd viz stat deploy/web -n shop -t 10s"],
    ],
  })
    .option("-n, --namespace <name>", "Namespace of the resources; the context's unless given")
    .option("-A, --all-namespaces", "Ignore --namespace and use all namespaces")
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
  const cluster = await context.connect(flags);
  const namespace =
    flags.allNamespaces === true ? undefined : (flags.namespace ?? cluster.namespace);
  const { output, linkerdNamespace } = flags;
  const policies = words.filter(isPolicy);
  const others = words.filter((word) => !isPolicy(word));
  const how = { cluster, namespace, window };
  const rows = others.length === 0 ? [] : await workloadRows(others, { ...how, flags, context });
  const wide = output === "wide";
  const { tables, json } =
    policies.length === 0
      ? { tables: [], json: [] }
      : await policyStats(policies, { ...how, linkerdNamespace, wide, context });
  if (policies.length === 0) print(rows, { flags, context });
  else if (output === "json")
    context.terminal.write(`${JSON.stringify([...rows.map(jsonOf), ...json], undefined, 2)}\n`);
  else {
    if (rows.length > 0) print(rows, { flags, context });
    context.terminal.write(`${rows.length > 0 ? "\n" : ""}${tables.join("\n")}`);
  }
}

type Asked = Run & {
  readonly cluster: Cluster;
  readonly namespace: string | undefined;
  readonly window: number;
};

async function workloadRows(
  words: readonly string[],
  { cluster: { client }, namespace, window, flags, context }: Asked,
): Promise<readonly Row[]> {
  const named = parseWorkloads(words);
  const found: (Omit<Row, "stat" | "meshed" | "pods" | "status"> & {
    readonly members: readonly Pod[];
  })[] = [];
  const { items: all } = await client.list(PODS, { namespace });
  for (const each of named)
    for (const workload of await findWorkloads(client, { named: each, namespace }))
      found.push({
        namespace: workload.metadata?.namespace ?? "",
        kind: each.kind.name,
        name: workload.metadata?.name ?? "",
        members: podsOf(workload, all),
      });
  const meshed = (pods: readonly Pod[]): Pod[] =>
    pods.filter((pod) => isMeshed(pod, flags.linkerdNamespace));
  const pairs = await scrapeTwice(client, {
    pods: meshed(found.flatMap(({ members }) => members)),
    window,
    context,
  });
  const rows = found.flatMap(({ members, ...row }): Row[] => {
    const proxies = meshed(members);
    if (proxies.length === 0 && flags.unmeshed !== true) return [];
    const own = proxies.flatMap((pod) => pairs.get(nameOf(pod)) ?? []);
    const measured = own.length > 0 ? statOf(own) : undefined;
    const status = members[0]?.status?.phase ?? "";
    return [{ ...row, meshed: proxies.length, pods: members.length, status, stat: measured }];
  });
  return rows.sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
function print(rows: readonly Row[], { flags, context }: Run): void {
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
  const cells = (row: Row): string[] => [
    ...(flags.allNamespaces === true ? [row.namespace] : []),
    kinds ? `${row.kind}/${row.name}` : row.name,
    ...(status ? [row.status] : []),
    `${row.meshed}/${row.pods}`,
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

function jsonOf({ stat, meshed, pods, status: _, ...row }: Row): Record<string, unknown> {
  return {
    ...row,
    meshed: `${meshed}/${pods}`,
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
