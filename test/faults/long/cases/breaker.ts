/** A circuit breaker: only probes go through while it is open, and who is well again is back soon. */

import { type Bed, must, podsOf, until } from "../../../demo/bed.ts";
import type { LongCase } from "../case.ts";
import { whileLoaded } from "../load.ts";
import { COUNT_PORT, NAMESPACE } from "../workloads.ts";

const RATE = 200;
const OPEN_SECONDS = 15;
const MIN_PENALTY_SECONDS = 1;
const MAX_PENALTY = "3s";
const BACK_MS = 5000;
/** More in a moment than any probe: it is in use again. */
const IN_USE = 20;

/** What a pod has counted; with a share, from now on it fails so many of its requests. */
async function counted(bed: Bed, pod: string, share?: number): Promise<number> {
  const path = share === undefined ? "" : `fail?share=${share}`;
  const where = `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:${COUNT_PORT}/proxy/${path}`;
  return Number(await bed.running.user.text(where));
}

/** One of the pods that has counted that many. */
async function inUse(bed: Bed, pods: readonly string[]): Promise<string | undefined> {
  for (const pod of pods) if ((await counted(bed, pod)) > IN_USE) return pod;
  return undefined;
}

const BREAKER: LongCase = {
  name: `P36, E7: an open breaker lets only single probes through, and a healed endpoint is back within ${BACK_MS / 1000} s`,
  run: async ({ bed, kubectl }) => {
    const prefix = "balancer.linkerd.io/failure-accrual";
    const notes = [
      `${prefix}=consecutive`,
      `${prefix}-consecutive-min-penalty=${MIN_PENALTY_SECONDS}s`,
      `${prefix}-consecutive-max-penalty=${MAX_PENALTY}`,
    ];
    await must(bed, [kubectl, "-n", NAMESPACE, "annotate", "service", "web", ...notes]);
    const pods = (await podsOf(bed, "web", NAMESPACE)).map(({ metadata }) => metadata?.name ?? "");
    let probes = 0;
    let backMs = 0;
    await whileLoaded(bed, { shop: "web", rate: RATE }, async () => {
      const pod = await until("one is in use", BACK_MS, () => inUse(bed, pods));
      await counted(bed, pod, 1);
      // It is open once nothing comes for a moment.
      let last = -1;
      await until("the breaker opens", BACK_MS, async () => {
        await Bun.sleep(MIN_PENALTY_SECONDS * 500);
        const before = last;
        last = await counted(bed, pod);
        return last === before;
      });
      const opened = await counted(bed, pod);
      await Bun.sleep(OPEN_SECONDS * 1000);
      const healed = await counted(bed, pod, 0);
      probes = healed - opened;
      const started = performance.now();
      await until("it is back", BACK_MS, async () => (await counted(bed, pod)) > healed + IN_USE);
      backMs = performance.now() - started;
    });
    // One after each penalty, none of which is shorter than the least.
    if (probes < 1 || probes > OPEN_SECONDS / MIN_PENALTY_SECONDS)
      throw new Error(`${probes} requests came through in ${OPEN_SECONDS} s`);
    return `${probes} probes in ${OPEN_SECONDS} s, back after ${(backMs / 1000).toFixed(1)} s`;
  },
};

/** All. */
export const BREAKERS: readonly LongCase[] = [BREAKER];
