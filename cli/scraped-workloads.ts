/** Workloads that a command line names, each with two scrapes of its proxies. */

import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { ScrapePair } from "../viz/core/growth.ts";
import { isMeshed } from "./check/proxies.ts";
import type { ClusterFlags, Context } from "./context.ts";
import { nameOf, readWindow, scrapeTwice } from "./scraping.ts";
import { findAll, podsOf } from "./workloads.ts";

/** One workload; of proxies that did not answer there is nothing. */
export type ScrapedWorkload = {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Its meshed pods. */
  readonly pods: readonly Pod[];
  readonly pairs: readonly ScrapePair[];
};

/** Flags of all commands that scrape workloads. */
export type ScrapeFlags = ClusterFlags & {
  readonly namespace?: string;
  readonly timeWindow: string;
  readonly linkerdNamespace: string;
};

/** Finds and scrapes them. Throws CommandError where something named is missing or no kind. */
export async function scrapeWorkloads(
  words: readonly string[],
  { flags, context }: { readonly flags: ScrapeFlags; readonly context: Context },
): Promise<readonly ScrapedWorkload[]> {
  const window = readWindow(flags.timeWindow);
  const { client, namespace: own } = await context.connect(flags);
  const namespace = flags.namespace ?? own;
  const { items } = await client.list(PODS, { namespace });
  const found = await findAll(client, { words, namespace });
  const workloads = found.map(({ kind, workload }) => ({
    kind: kind.name,
    namespace,
    name: workload.metadata?.name ?? "",
    pods: podsOf(workload, items).filter((pod) => isMeshed(pod, flags.linkerdNamespace)),
  }));
  const pods = workloads.flatMap((workload) => workload.pods);
  const pairs = await scrapeTwice(client, { pods, window, context });
  return workloads.map((workload) => ({
    ...workload,
    pairs: workload.pods.flatMap((pod) => pairs.get(nameOf(pod)) ?? []),
  }));
}
