/** `viz stat` of Servers, their routes and authorizations. */

import {
  AUTHORIZATION_POLICIES,
  HTTP_ROUTES,
  LINKERD_HTTP_ROUTES,
  PODS,
  type Resource,
  SERVER_AUTHORIZATIONS,
  SERVERS,
} from "#lib/k8s/resource.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { ScrapePair } from "../viz/core/growth.ts";
import {
  type PolicyObject,
  type PolicyStat,
  policyStat,
  policyStatByServer,
} from "../viz/core/policy-stat.ts";
import { isMeshed } from "./check/proxies.ts";
import { CommandError } from "./command.ts";
import type { Cluster, Context } from "./context.ts";
import { latencies, percent, rate } from "./figures.ts";
import { scrapeTwice } from "./scraping.ts";
import { listServed } from "./served-kinds.ts";
import { type Column, renderTable } from "./table.ts";

/** A kind, and the names that the command line has for it. */
type PolicyKind = {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly prefix: PolicyObject["prefix"];
  readonly resources: readonly Resource<CustomObject>[];
  /** Which columns it has beside the others. */
  readonly shows: readonly ("server" | "unauthorized" | "connections")[];
};

const KINDS: readonly PolicyKind[] = [
  {
    ...{ name: "server", aliases: ["servers", "srv"], prefix: "srv", resources: [SERVERS] },
    shows: ["unauthorized", "connections"],
  },
  {
    ...{ name: "serverauthorization", prefix: "authz", shows: [] },
    aliases: ["serverauthorizations", "saz", "serverauthz"],
    resources: [SERVER_AUTHORIZATIONS],
  },
  {
    ...{ name: "authorizationpolicy", prefix: "authz", shows: [] },
    aliases: ["authorizationpolicies", "authzpolicy", "ap"],
    resources: [AUTHORIZATION_POLICIES],
  },
  {
    ...{ name: "httproute", aliases: ["httproutes"], prefix: "route" },
    resources: [LINKERD_HTTP_ROUTES, HTTP_ROUTES],
    shows: ["server", "unauthorized"],
  },
];

/** The kind that a word begins with; undefined where it is none of these. */
function kindOf(word: string): PolicyKind | undefined {
  const [name = ""] = word.split("/", 1);
  return KINDS.find((each) => each.name === name || each.aliases.includes(name));
}

/** Whether a word of the command line names a kind of policy, or one policy. */
export const isPolicy = (word: string): boolean => kindOf(word) !== undefined;

/** One row. */
type Row = {
  readonly namespace: string;
  readonly kind: PolicyKind;
  readonly name: string;
  /** Of a route, whose figures are told for each of its Servers. */
  readonly server: string;
  readonly stat: PolicyStat;
};

/** How they are asked for. */
export type PolicyStatsOptions = {
  readonly cluster: Pick<Cluster, "client">;
  /** Undefined: of all. */
  readonly namespace: string | undefined;
  /** In kubectl's syntax. */
  readonly selector: string | undefined;
  /** Milliseconds between the scrapes. */
  readonly window: number;
  readonly linkerdNamespace: string;
  readonly wide: boolean;
  readonly context: Context;
};

/** Tables and JSON of what was named. Throws CommandError where one is missing. */
export async function policyStats(
  words: readonly string[],
  options: PolicyStatsOptions,
): Promise<{ readonly tables: readonly string[]; readonly json: Record<string, unknown>[] }> {
  const { cluster, namespace, window, linkerdNamespace, context } = options;
  const { client } = cluster;
  const { items } = await client.list(PODS, { namespace });
  const pods = items.filter((pod) => isMeshed(pod, linkerdNamespace));
  const named = await Promise.all(words.map((word) => objectsOf(word, options)));
  const pairs = [...(await scrapeTwice(client, { pods, window, context })).entries()];
  const of = (own: string): ScrapePair[] =>
    pairs.flatMap(([pod, pair]) => (pod.startsWith(`${own}/`) ? [pair] : []));
  const tables = named.map(({ kind, objects }) => ({
    kind,
    rows: objects.flatMap((object) => rowsOf(object, kind, of)),
  }));
  return {
    tables: tables.map(({ kind, rows }) => tableOf(kind, rows, options)),
    json: tables.flatMap(({ rows }) => rows.map(jsonOf)),
  };
}

async function objectsOf(
  word: string,
  { cluster, namespace, selector }: PolicyStatsOptions,
): Promise<{ readonly kind: PolicyKind; readonly objects: readonly CustomObject[] }> {
  const kind = kindOf(word);
  const [, name] = word.split("/", 2);
  if (kind === undefined || name === "") throw new CommandError(`Cannot use "${word}"`);
  const listed = await Promise.all(
    kind.resources.map((resource) =>
      listServed(cluster.client, resource, { namespace, labelSelector: selector }),
    ),
  );
  const objects = listed
    .flat()
    .filter(({ metadata }) => name === undefined || metadata?.name === name)
    .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  if (name !== undefined && objects.length === 0)
    throw new CommandError(`Cannot find ${kind.name}/${name}`);
  return { kind, objects };
}

const placeOf = ({ metadata }: CustomObject): string => `${metadata?.namespace}/${metadata?.name}`;

function rowsOf(
  { metadata }: CustomObject,
  kind: PolicyKind,
  pairsOf: (namespace: string) => readonly ScrapePair[],
): Row[] {
  const { namespace = "", name = "" } = metadata ?? {};
  const object = { prefix: kind.prefix, kind: kind.name, name };
  const row = { namespace, kind, name, server: "-" };
  const pairs = pairsOf(namespace);
  const byServer = kind.shows.includes("server") ? policyStatByServer(pairs, object) : [];
  if (byServer.length === 0) return [{ ...row, stat: policyStat(pairs, object) }];
  return byServer.map((each) => ({ ...row, ...each }));
}

function tableOf(
  { shows }: PolicyKind,
  rows: readonly Row[],
  { wide, namespace }: PolicyStatsOptions,
): string {
  const all = namespace === undefined;
  const bytes = wide && shows.includes("connections");
  const columns: Column[] = [
    ...(all ? [{ title: "NAMESPACE", left: true }] : []),
    { title: "NAME", left: true },
    ...[
      ...(shows.includes("server") ? ["SERVER"] : []),
      ...(shows.includes("unauthorized") ? ["UNAUTHORIZED"] : []),
      ...["SUCCESS", "RPS", "LATENCY_P50", "LATENCY_P95", "LATENCY_P99"],
      ...(shows.includes("connections") ? ["TCP_CONN"] : []),
      ...(bytes ? ["READ_BYTES/SEC", "WRITE_BYTES/SEC"] : []),
    ].map((title) => ({ title })),
  ];
  const cells = ({ name, namespace: own, server, stat }: Row): string[] => [
    ...(all ? [own] : []),
    name,
    ...(shows.includes("server") ? [server] : []),
    ...(shows.includes("unauthorized") ? [rate(stat.unauthorized)] : []),
    ...[percent(stat.success), stat.success === undefined ? "-" : rate(stat.rps)],
    ...latencies(stat.latencyMs),
    ...(shows.includes("connections") ? [String(stat.tcpConnections)] : []),
    ...(bytes ? [stat.readRate, stat.writeRate].map((value) => `${value.toFixed(1)}B/s`) : []),
  ];
  return renderTable(columns, rows.map(cells));
}

function jsonOf({ namespace, kind, name, server, stat }: Row): Record<string, unknown> {
  const { shows } = kind;
  const { success, rps, latencyMs } = stat;
  return {
    ...{ namespace, kind: kind.name, name },
    ...(shows.includes("server") && { server: server === "-" ? null : server }),
    ...{ success: success ?? null, rps: success === undefined ? null : rps },
    latency_ms_p50: latencyMs.p50 ?? null,
    latency_ms_p95: latencyMs.p95 ?? null,
    latency_ms_p99: latencyMs.p99 ?? null,
    ...(shows.includes("connections") && {
      tcp_open_connections: stat.tcpConnections,
      tcp_read_bytes_rate: stat.readRate,
      tcp_write_bytes_rate: stat.writeRate,
    }),
    ...(shows.includes("unauthorized") && { unauthorized: stat.unauthorized }),
  };
}
