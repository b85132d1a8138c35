/** `viz stat` of workloads: what they receive, what they send to something, or what something sends to them. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { ScrapePair } from "../viz/core/growth.ts";
import { type SentTo, type Stat, statOf } from "../viz/core/stat.ts";
import { isMeshed } from "./check/proxies.ts";
import type { Context } from "./context.ts";
import { nameOf, scrapeTwice } from "./scraping.ts";
import type { Traffic } from "./traffic.ts";
import { findWorkloads, type Named, parseWorkloads, podsOf } from "./workloads.ts";

/** One workload; `stat` is undefined where none of the proxies that would know answered. */
export type WorkloadRow = {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly meshed: number;
  readonly pods: number;
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

type Found = Pick<WorkloadRow, "namespace" | "kind" | "name"> & {
  readonly members: readonly Pod[];
};

/** Rows by namespace and name. Throws CommandError where something named is missing or no kind. */
export async function workloadStats(
  words: readonly string[],
  options: WorkloadStatsOptions,
): Promise<readonly WorkloadRow[]> {
  const { client, traffic, window, linkerdNamespace, context } = options;
  const meshed = (pods: readonly Pod[]): Pod[] =>
    pods.filter((pod) => isMeshed(pod, linkerdNamespace));
  const named = parseWorkloads(words);
  const found = await find(named, options);
  const senders =
    traffic.type === "from" ? await find([traffic.named], { client, ...traffic }) : [];
  const asked = traffic.type === "from" ? senders : found;
  const pods = meshed(asked.flatMap(({ members }) => members));
  const pairs = await scrapeTwice(client, { pods, window, context });
  const rows = found.flatMap(({ members, ...row }): WorkloadRow[] => {
    const proxies = meshed(members);
    if (proxies.length === 0 && !options.unmeshed && traffic.type !== "from") return [];
    const own = proxies.flatMap((pod) => pairs.get(nameOf(pod)) ?? []);
    const stat = measure(traffic.type === "from" ? [...pairs.values()] : own, row, traffic);
    if (traffic.type !== "received" && !isBusy(stat)) return [];
    const status = members[0]?.status?.phase ?? "";
    return [{ ...row, meshed: proxies.length, pods: members.length, status, stat }];
  });
  return rows.sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

function measure(pairs: readonly ScrapePair[], row: SentTo, traffic: Traffic): Stat | undefined {
  if (pairs.length === 0) return undefined;
  if (traffic.type === "received") return statOf(pairs);
  return statOf(pairs, traffic.type === "to" ? traffic.target : row);
}

/** Whether anything was sent. */
const isBusy = (stat: Stat | undefined): boolean =>
  stat !== undefined && (stat.success !== undefined || stat.tcpConnections > 0);

async function find(
  named: readonly Named[],
  { client, namespace, selector }: Pick<WorkloadStatsOptions, "client" | "namespace" | "selector">,
): Promise<readonly Found[]> {
  const { items } = await client.list(PODS, { namespace });
  const found = await Promise.all(
    named.map(async (each) => {
      const workloads = await findWorkloads(client, { named: each, namespace, selector });
      return workloads.map((workload) => ({
        namespace: workload.metadata?.namespace ?? "",
        kind: each.kind.name,
        name: workload.metadata?.name ?? "",
        members: podsOf(workload, items),
      }));
    }),
  );
  return found.flat();
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
