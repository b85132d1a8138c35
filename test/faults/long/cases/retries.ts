/** Retries: how much they mend, and what they cost at the most. */

import { type Bed, must, podOf, podsOf, scrape, sumOf } from "../../../demo/bed.ts";
import type { LongCase, Place } from "../case.ts";
import { loadOnce } from "../load.ts";
import { COUNT_PORT, NAMESPACE, type Shop } from "../workloads.ts";

const RATE = 200;
const SECONDS = 30;
const LIMIT = 2;
/** The default budget of a Service (P34's): a share of its requests, and so many a second beside. */
const BUDGET = { share: 0.2, perSecond: 10 } as const;
const SUCCESS = 0.99;

/** What the pods of a shop have counted, together. */
async function countOf(bed: Bed, shop: Shop): Promise<number> {
  let sum = 0;
  for (const { metadata } of await podsOf(bed, shop, NAMESPACE)) {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods/${metadata?.name}:${COUNT_PORT}/proxy/`;
    sum += Number(await bed.running.user.text(path));
  }
  return sum;
}

interface Found {
  /** Of the client's requests, which were answered with success. */
  readonly success: number;
  /** What the backends got over what the client sent, a share. */
  readonly extra: number;
  /** Retries that the budget did not allow. */
  readonly overflow: number;
}

/** Lets a shop's failures be tried again, and makes load; throws where the backends count more than the budget allows. */
async function tryAgain({ bed, kubectl }: Place, shop: Shop): Promise<Found> {
  const notes = [`retry.linkerd.io/http=5xx`, `retry.linkerd.io/limit=${LIMIT}`];
  await must(bed, [kubectl, "-n", NAMESPACE, "annotate", "--overwrite", "service", shop, ...notes]);
  const overflowOf = async (): Promise<number> => {
    const samples = await scrape(bed, await podOf(bed, "client", NAMESPACE));
    const family = "outbound_http_route_retry_overflow_total";
    return sumOf(samples, family, { parent_name: shop });
  };
  // A policy is obeyed a moment after it was applied.
  await loadOnce(bed, shop, { rate: RATE, seconds: 1 });
  const [before, overflowBefore] = [await countOf(bed, shop), await overflowOf()];
  const { due, answered } = await loadOnce(bed, shop, { rate: RATE, seconds: SECONDS });
  const count = (await countOf(bed, shop)) - before;
  const most = due * (1 + BUDGET.share) + BUDGET.perSecond * (SECONDS + 1);
  if (count > most) throw new Error(`the backends counted ${count} for ${due} requests`);
  const overflow = (await overflowOf()) - overflowBefore;
  return { success: answered / due, extra: count / due - 1, overflow };
}

const told = ({ success, extra, overflow }: Found): string =>
  `${(success * 100).toFixed(2)} % succeeded, the backends counted ${(extra * 100).toFixed(1)} % more, ${overflow} beyond the budget`;

const ONE: LongCase = {
  name: `P33, E7, E9: one of four endpoints fails 30 %, and retries make it ${SUCCESS * 100} % success within the budget`,
  run: async (place) => {
    const found = await tryAgain(place, "mixed");
    if (found.success < SUCCESS) throw new Error(told(found));
    return told(found);
  },
};

const ALL: LongCase = {
  name: "P33, E8, E9: all endpoints fail 30 %, and the backends never count more than the budget",
  run: async (place) => {
    const found = await tryAgain(place, "failing");
    if (found.overflow === 0) throw new Error(`nothing says so: ${told(found)}`);
    return told(found);
  },
};

/** All. */
export const RETRIES: readonly LongCase[] = [ONE, ALL];
