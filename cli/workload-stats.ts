/** `viz stat` of workloads, namespaces, Services and authorities: what they receive, send to something, or are sent by something. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { ScrapePair } from "../viz/core/growth.ts";
import { authoritiesIn, type Stat, statOf, type Which } from "../viz/core/stat.ts";
import { isMeshed } from "./check/proxies.ts";
import { CommandError } from "./command.ts";
import type { Context } from "./context.ts";
import { nameOf, scrapeTwice } from "./scraping.ts";
import {
  AUTHORITY,
  findSubjects,
  NAMESPACE,
  parseSubjects,
  SERVICE,
  type StatNamed,
  type Subject,
} from "./stat-subjects.ts";
import type { Traffic } from "./traffic.ts";

/** One row; `stat` is undefined where none of the proxies that would know answered. */
export type WorkloadRow = {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  /** Of how many pods, and how many of them have proxies; undefined where it has none of its own. */
  readonly pods: { readonly all: number; readonly meshed: number } | undefined;
  /** Of a pod: its phase. */
  readonly status: string;
  readonly stat: Stat | undefined;
};

/** How they are asked for. */
export type WorkloadStatsOptions = {
  readonly client: KubeClient;
  /** Undefined: of all. */
  readonly namespace: string | undefined;
  /** In kubectl's syntax. */
  readonly selector: string | undefined;
  readonly traffic: Traffic;
  /** Milliseconds between the scrapes. */
  readonly window: number;
  readonly linkerdNamespace: string;
  /** Whether those without proxies have a row too. */
  readonly unmeshed: boolean;
  readonly context: Context;
};

type Pairs = ReadonlyMap<string, ScrapePair>;

/** Rows by namespace and name. Throws CommandError where something named is missing or no kind. */
export async function workloadStats(
  words: readonly string[],
  options: WorkloadStatsOptions,
): Promise<readonly WorkloadRow[]> {
  const { client, traffic, window, linkerdNamespace, context } = options;
  const named = parseSubjects(words, traffic.type === "to" ? "senders" : "all");
  refuseWhatCannotBe(named, options);
  const { items } = await client.list(PODS, { namespace: reachOf(named, options) });
  const meshed = (pods: readonly Pod[]): Pod[] =>
    pods.filter((pod) => isMeshed(pod, linkerdNamespace));
  const found = await find(named, { ...options, pods: items });
  const own = found.flatMap(({ members }) => members ?? []);
  const asked =
    traffic.type === "from"
      ? await sendersOf(traffic, client)
      : [...own, ...callersIn(named, { namespace: options.namespace, pods: items })];
  const pairs = await scrapeTwice(client, { pods: meshed(asked), window, context });
  const rows = [
    ...found.flatMap((subject) =>
      rowOf(subject, { ...options, pairs, proxies: meshed(subject.members ?? []) }),
    ),
    ...named.flatMap((each) =>
      each.kind === AUTHORITY ? authorityRows(each, { ...options, pairs }) : [],
    ),
  ];
  return rows.sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

/** A Service sends nothing, and an authority has no labels. */
function refuseWhatCannotBe(
  named: readonly StatNamed[],
  { traffic, selector }: Pick<WorkloadStatsOptions, "traffic" | "selector">,
): void {
  const has = (kind: StatNamed["kind"]): boolean => named.some((each) => each.kind === kind);
  if (traffic.type === "to" && has(SERVICE))
    throw new CommandError("Cannot use --to with services: they send nothing");
  if (selector !== undefined && has(AUTHORITY))
    throw new CommandError("Cannot use --selector with authorities: they have no labels");
}

/** Where pods may be that matter: who calls a Service may be anywhere. */
function reachOf(
  named: readonly StatNamed[],
  { namespace }: Pick<WorkloadStatsOptions, "namespace">,
): string | undefined {
  return named.some(({ kind }) => kind === SERVICE || kind === NAMESPACE) ? undefined : namespace;
}

/** Pods that tell of what has none: all of Services, and those of the namespace of what is named in requests. */
function callersIn(
  named: readonly StatNamed[],
  { namespace, pods }: Pick<WorkloadStatsOptions, "namespace"> & { readonly pods: readonly Pod[] },
): readonly Pod[] {
  if (named.some(({ kind }) => kind === SERVICE)) return pods;
  if (named.every(({ kind }) => kind !== AUTHORITY)) return [];
  return pods.filter(({ metadata }) => (namespace ?? metadata?.namespace) === metadata?.namespace);
}

async function find(
  named: readonly StatNamed[],
  how: Pick<WorkloadStatsOptions, "client" | "namespace" | "selector"> & {
    readonly pods: readonly Pod[];
  },
): Promise<readonly Subject[]> {
  const { client, ...where } = how;
  const found = await Promise.all(
    named.map(async (each) => await findSubjects(client, { ...where, named: each })),
  );
  return found.flat();
}

async function sendersOf(
  { named, namespace }: Traffic & { readonly type: "from" },
  client: KubeClient,
): Promise<readonly Pod[]> {
  const place = named.kind === NAMESPACE ? named.name : namespace;
  const { items: pods } = await client.list(PODS, { namespace: place });
  const found = await findSubjects(client, { named, namespace, pods });
  return found.flatMap(({ members }) => members ?? []);
}

/** None where it has no proxy and is not asked for nevertheless, or where nothing was sent. */
function rowOf(
  { members, target, ...row }: Subject,
  how: Pick<WorkloadStatsOptions, "traffic" | "unmeshed"> & {
    readonly pairs: Pairs;
    /** Its pods that have one. */
    readonly proxies: readonly Pod[];
  },
): WorkloadRow[] {
  const { traffic, pairs, proxies, unmeshed } = how;
  const all = [...pairs.values()];
  if (members === undefined)
    return busy({ ...row, ...PODLESS, stat: measure(all, { to: target }) });
  if (proxies.length === 0 && !unmeshed && traffic.type !== "from") return [];
  const own = proxies.flatMap((pod) => pairs.get(nameOf(pod)) ?? []);
  const stat =
    traffic.type === "from"
      ? measure(all, { to: target })
      : measure(own, traffic.type === "to" ? { to: traffic.target } : {});
  const pods = { all: members.length, meshed: proxies.length };
  const whole = { ...row, pods, status: members[0]?.status?.phase ?? "", stat };
  return traffic.type === "received" ? [whole] : busy(whole);
}

const PODLESS = { pods: undefined, status: "" };

/** A row for each authority that was named in requests, by the namespace whose proxies tell of it. */
function authorityRows(
  { name }: StatNamed,
  {
    traffic,
    pairs,
    namespace,
  }: Pick<WorkloadStatsOptions, "traffic" | "namespace"> & {
    readonly pairs: Pairs;
  },
): WorkloadRow[] {
  const which: Which =
    traffic.type === "received"
      ? {}
      : { to: traffic.type === "to" ? traffic.target : ("anything" as const) };
  const places = Map.groupBy(pairs, ([pod]) => pod.split("/", 1)[0] ?? "");
  return [...places].flatMap(([place, entries]) => {
    if (traffic.type !== "from" && namespace !== undefined && place !== namespace) return [];
    const own = entries.map(([, pair]) => pair);
    const authorities = authoritiesIn(own, which).filter((each) => (name ?? each) === each);
    return authorities.flatMap((authority) =>
      busy({
        ...{ namespace: place, kind: AUTHORITY.name, name: authority, ...PODLESS },
        stat: measure(own, { ...which, authority }),
      }),
    );
  });
}

const measure = (pairs: readonly ScrapePair[], which: Which): Stat | undefined =>
  pairs.length === 0 ? undefined : statOf(pairs, which);

/** None where nothing was sent. */
const busy = (row: WorkloadRow): WorkloadRow[] => {
  const { stat } = row;
  return stat !== undefined && (stat.success !== undefined || stat.tcpConnections > 0) ? [row] : [];
};

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
