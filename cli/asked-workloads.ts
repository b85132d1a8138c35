/** Workloads that a command line names, each with what a Prometheus knows of its proxies. */

import type { Sample } from "#lib/metrics/parse.ts";
import { increaseQuery, pairOf, type Reads } from "../viz/core/prometheus.ts";
import type { Context } from "./context.ts";
import type { Ask } from "./prometheus.ts";
import type { ScrapedWorkload, ScrapeFlags } from "./scraped-workloads.ts";
import { readWindow } from "./scraping.ts";
import { findAll, type Workload, type WorkloadKind } from "./workloads.ts";

/** One workload; its pods may have ended since. */
export type AskedWorkload = Omit<ScrapedWorkload, "pods">;

/** Finds them and asks once for each family and kind. Throws CommandError where something is missing, or no answer comes. */
export async function askWorkloads(
  words: readonly string[],
  how: {
    readonly flags: ScrapeFlags;
    readonly context: Context;
    readonly reads: Reads;
    readonly ask: Ask;
  },
): Promise<readonly AskedWorkload[]> {
  const { flags, context, reads, ask } = how;
  const windowMs = readWindow(flags.timeWindow);
  const { client, namespace: own } = await context.connect(flags);
  const namespace = flags.namespace ?? own;
  const found = await findAll(client, { words, namespace });
  const byLabel = Map.groupBy(found, ({ kind }) => labelOf(kind));
  const answers = [...byLabel].map(async ([label, all]): Promise<[string, readonly Sample[]]> => {
    const values = [...new Set(all.flatMap(({ workload }) => valuesOf(workload)))];
    if (values.length === 0) return [label, []];
    const whose = { namespace, label, values };
    const samples = reads.families.map((family) =>
      ask(increaseQuery(family, { whose, labels: reads.labels, windowMs }), family),
    );
    return [label, (await Promise.all(samples)).flat()];
  });
  const grown = new Map(await Promise.all(answers));
  return found.map(({ kind, workload }) => {
    const label = labelOf(kind);
    const values = valuesOf(workload);
    const samples = (grown.get(label) ?? []).filter(({ labels }) =>
      values.includes(labels[label] ?? ""),
    );
    const pairs = samples.length === 0 ? [] : [pairOf(samples, windowMs)];
    return { kind: kind.name, namespace, name: workload.metadata?.name ?? "", pairs };
  });
}

/** By what Prometheus knows the pods of a kind (LBL8); `job` is its own. */
function labelOf({ name }: WorkloadKind): string {
  return name === "job" || name === "cronjob" ? "k8s_job" : name;
}

/** Pods of a CronJob are known by their Jobs. */
const valuesOf = ({ metadata, jobs }: Workload): string[] =>
  jobs === undefined ? [metadata?.name ?? ""] : jobs.flatMap((job) => job.metadata?.name ?? []);
