/** Metrics of proxies through the API server: once, or twice with a while in between. */

import type { KubeClient } from "#lib/k8s/client.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { parseExposition, type Sample } from "#lib/metrics/parse.ts";
import { parseGoDuration } from "#lib/time/duration.ts";
import type { ScrapePair } from "../viz/core/growth.ts";
import { inParallel, scrapeProxy } from "./check/proxies.ts";
import { CommandError } from "./command.ts";
import type { Context } from "./context.ts";

/** A pod's namespace and name. */
export const nameOf = ({ metadata }: Pod): string => `${metadata?.namespace}/${metadata?.name}`;

/** Milliseconds between the scrapes, of --time-window. Throws CommandError. */
export function readWindow(text: string): number {
  const window = parseGoDuration(text);
  if (window === undefined || window === 0)
    throw new CommandError(`Cannot use --time-window ${text}: it is no duration, such as 2s`);
  return window;
}

type Scraping = {
  readonly pods: readonly Pod[];
  readonly window: number;
  readonly context: Context;
};
type Scraped = { readonly samples: readonly Sample[]; readonly at: number };

/** Both scrapes of every proxy that answers; one that does not is told on standard error. */
export async function scrapeTwice(
  client: KubeClient,
  { pods, window, context }: Scraping,
): Promise<ReadonlyMap<string, ScrapePair>> {
  const scrape = (pod: Pod): Promise<Scraped | undefined> => scrapeOne(client, pod, context);
  if (pods.length === 0) return new Map();
  const distinct = [...new Map(pods.map((pod) => [nameOf(pod), pod])).values()];
  const first = await inParallel(distinct, scrape);
  context.terminal.progress(`counting for ${window / 1000} s`);
  await context.sleep(window);
  const answered = distinct.flatMap((pod, at) => {
    const before = first[at];
    return before === undefined ? [] : [{ pod, before }];
  });
  const second = await inParallel(answered, ({ pod }) => scrape(pod));
  return new Map(
    answered.flatMap(({ pod, before }, at) => {
      const after = second[at];
      if (after === undefined) return [];
      const seconds = (after.at - before.at) / 1000;
      return [[nameOf(pod), { first: before.samples, second: after.samples, seconds }] as const];
    }),
  );
}

/** One proxy's metrics; one that does not answer is told on standard error. */
async function scrapeOne(
  client: KubeClient,
  pod: Pod,
  context: Context,
): Promise<Scraped | undefined> {
  try {
    const text = await scrapeProxy(client, pod);
    return { samples: parseExposition(text), at: context.now() };
  } catch (error) {
    context.terminal.warn(`Cannot scrape pod ${nameOf(pod)}: ${String(error)}\n`);
    return undefined;
  }
}

/** The metrics of every proxy that answers, by its pod. */
export async function scrapeOnce(
  client: KubeClient,
  { pods, context }: Omit<Scraping, "window">,
): Promise<ReadonlyMap<Pod, readonly Sample[]>> {
  const all = await inParallel(pods, (pod) => scrapeOne(client, pod, context));
  return new Map(
    pods.flatMap((pod, at) => {
      const samples = all[at]?.samples;
      return samples === undefined ? [] : [[pod, samples] as const];
    }),
  );
}
