/** `viz routes`: requests by the routes of ServiceProfiles. */

import { type Command, Option } from "commander";
import type { KubeClient } from "#lib/k8s/client.ts";
import { PODS, SERVICE_PROFILES, SERVICES } from "#lib/k8s/resource.ts";
import { matchesSelector } from "#lib/k8s/selector.ts";
import type { Pod, Service } from "#lib/k8s/types/core.ts";
import {
  DEFAULT_ROUTE,
  type KnownRoute,
  type ProfileRouteRow,
  profileRoutes,
  type RouteRate,
} from "../../viz/core/routes.ts";
import { isMeshed } from "../check/proxies.ts";
import { addCommand, CommandError, flagsOf } from "../command.ts";
import type { Context } from "../context.ts";
import { latencies, percent, rate } from "../figures.ts";
import { nameOf, readWindow, scrapeTwice } from "../scraping.ts";
import { type Column, renderTable } from "../table.ts";
import { findWorkloads, parseWorkloads, podsOf, SELECTOR, WORKLOAD_WORDS } from "../workloads.ts";

type Flags = {
  readonly namespace?: string;
  readonly selector?: string;
  readonly timeWindow: string;
  readonly output: "table" | "wide" | "json";
  readonly to?: string;
  readonly toNamespace?: string;
};

/** Adds `viz routes`. */
export function addVizRoutes(viz: Command, context: Context): void {
  const command = addCommand(viz, {
    usage: "routes <WORKLOAD>",
    summary: "Display route stats",
    details: `WORKLOAD is a Service (svc), or a kind ${WORKLOAD_WORDS}; what is sent to Services that have a ServiceProfile is shown. Every proxy is scraped twice; the figures are those of the time in between.`,
    examples: [
      ["Routes of a Service", "bunkerd viz routes svc/web -n shop"],
      [
        "What one deployment asks of it",
        "bunkerd viz routes deploy/generator -n shop --to svc/web",
      ],
    ],
  })
    .option("-n, --namespace <name>", "Namespace of the resource; the context's unless given")
    .option("-l, --selector <query>", SELECTOR)
    .option("-t, --time-window <duration>", "Time between the two scrapes", "2s")
    .option("--to <resource>", "Show what the resource sends to this Service")
    .option("--to-namespace <name>", "Namespace of --to; that of the resource unless given")
    .addOption(
      new Option("-o, --output <format>", "Output format; wide, with --to, shows tries too")
        .choices(["table", "wide", "json"])
        .default("table"),
    );
  command.action(
    async (word: string) => await routes(word, { flags: flagsOf<Flags>(command), context }),
  );
}

type Run = { readonly flags: ReturnType<typeof flagsOf<Flags>>; readonly context: Context };

/** What is shown under one name. */
type Table = { readonly resource: string; readonly rows: readonly ProfileRouteRow[] };

async function routes(word: string, { flags, context }: Run): Promise<void> {
  if (flags.output === "wide" && flags.to === undefined)
    throw new CommandError("Cannot show wide output: it is there with --to only");
  const to = flags.to === undefined ? undefined : serviceIn(flags.to);
  if (flags.to !== undefined && to === undefined)
    throw new CommandError(`Cannot use --to ${flags.to}: it is no Service, as in svc/web`);
  const window = readWindow(flags.timeWindow);
  const { client, namespace: own } = await context.connect(flags);
  const namespace = flags.namespace ?? own;
  const found = await resourcesOf(client, { word, namespace, selector: flags.selector });
  const meshed = (pods: readonly Pod[]): Pod[] =>
    pods.filter((pod) => isMeshed(pod, flags.linkerdNamespace));
  const pairs = await scrapeTwice(client, {
    ...{ pods: meshed(found.flatMap(({ pods }) => pods)), window, context },
  });
  const known = await knownRoutes(client, flags.toNamespace ?? namespace);
  const tables = found.map(({ resource, services, pods }): Table => {
    const hosts = to === undefined ? services : [`${to}.${flags.toNamespace ?? namespace}.svc.`];
    const isWanted = (host: string): boolean => hosts.some((each) => host.startsWith(each));
    const rows = profileRoutes(
      meshed(pods).flatMap((pod) => pairs.get(nameOf(pod)) ?? []),
      {
        direction: to === undefined ? "inbound" : "outbound",
        known: known.filter(({ host }) => isWanted(host)),
        isWanted,
      },
    );
    return { resource, rows };
  });
  print(tables, { flags, context });
}

/** The name in `svc/web`; undefined where it is no Service. */
function serviceIn(word: string): string | undefined {
  const [, name] = /^(?:svc|services?)\/([^/]+)$/.exec(word) ?? [];
  return name;
}

type Found = {
  readonly resource: string;
  /** What names of the Services that its pods are behind begin with. */
  readonly services: readonly string[];
  readonly pods: readonly Pod[];
};

type Asked = {
  readonly word: string;
  readonly namespace: string;
  readonly selector: string | undefined;
};

async function resourcesOf(
  client: KubeClient,
  { word, namespace, selector }: Asked,
): Promise<readonly Found[]> {
  const { items: pods } = await client.list(PODS, { namespace });
  const { items: services } = await client.list(SERVICES, { namespace });
  const hostOf = ({ metadata }: Service): string => `${metadata?.name}.${namespace}.svc.`;
  const behind = ({ spec }: Service): Pod[] =>
    spec?.selector === undefined
      ? []
      : pods.filter(({ metadata }) =>
          matchesSelector({ matchLabels: spec.selector ?? {} }, metadata?.labels),
        );
  const name = serviceIn(word);
  if (name !== undefined) {
    const { items } = await client.list(SERVICES, { namespace, labelSelector: selector });
    const service = items.find(({ metadata }) => metadata?.name === name);
    if (service === undefined)
      throw new CommandError(`Cannot find service/${name} in namespace ${namespace}`);
    return [{ resource: `service/${name}`, services: [hostOf(service)], pods: behind(service) }];
  }
  const [named] = parseWorkloads([word]);
  if (named === undefined) return [];
  const workloads = await findWorkloads(client, { named, namespace, selector });
  return workloads.map((workload) => {
    const own = podsOf(workload, pods);
    const of = services.filter((service) => behind(service).some((pod) => own.includes(pod)));
    return {
      resource: `${named.kind.name}/${workload.metadata?.name}`,
      ...{ services: of.map(hostOf), pods: own },
    };
  });
}

/** The routes of the ServiceProfiles of a namespace, each with the rest. */
async function knownRoutes(
  client: KubeClient,
  namespace: string,
): Promise<readonly (KnownRoute & { readonly host: string })[]> {
  const { items } = await client.list(SERVICE_PROFILES, { namespace });
  return items.flatMap(({ metadata, spec }) => {
    const host = metadata?.name ?? "";
    const [service = ""] = host.split(".");
    const { routes: own = [] } = (spec ?? {}) as { readonly routes?: { readonly name?: string }[] };
    return [...own.map(({ name = "" }) => name), DEFAULT_ROUTE].map((route) => ({
      ...{ host, service, route },
    }));
  });
}

function print(tables: readonly Table[], { flags, context: { terminal } }: Run): void {
  if (flags.output === "json") {
    const entries = tables.map(({ resource, rows }) => [
      resource,
      rows.map((row) => jsonOf(row, flags.to !== undefined)),
    ]);
    terminal.write(`${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`);
    return;
  }
  const wide = flags.output === "wide";
  const rates = wide ? ["EFFECTIVE_", "ACTUAL_"] : [""];
  const columns: readonly Column[] = [
    ...["ROUTE", "SERVICE"].map((title) => ({ title, left: title === "ROUTE" })),
    ...rates.flatMap((prefix) => [{ title: `${prefix}SUCCESS` }, { title: `${prefix}RPS` }]),
    ...["LATENCY_P50", "LATENCY_P95", "LATENCY_P99"].map((title) => ({ title })),
  ];
  const cells = ({ route, service, effective, actual, latencyMs }: ProfileRouteRow): string[] => [
    ...[route, service, ...figures(effective), ...(wide ? figures(actual) : [])],
    ...latencies(latencyMs),
  ];
  for (const { resource, rows } of tables) {
    if (tables.length > 1) terminal.write(`==> ${resource} <==\n`);
    terminal.write(`${renderTable(columns, rows.map(cells))}\n`);
  }
}

const figures = ({ success, rps }: RouteRate): string[] => [
  percent(success),
  success === undefined ? "-" : rate(rps),
];

function jsonOf(
  { route, service, effective, actual, latencyMs: { p50, p95, p99 } }: ProfileRouteRow,
  sent: boolean,
): Record<string, unknown> {
  const rates = sent
    ? {
        ...{ effective_success: effective.success ?? 0, effective_rps: effective.rps },
        ...{ actual_success: actual.success ?? 0, actual_rps: actual.rps },
      }
    : { success: effective.success ?? 0, rps: effective.rps };
  const ms = (value: number | undefined): number => Math.round(value ?? 0);
  return {
    ...{ route, authority: service, ...rates },
    ...{ latency_ms_p50: ms(p50), latency_ms_p95: ms(p95), latency_ms_p99: ms(p99) },
  };
}
