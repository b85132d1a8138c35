/** A backend that is offered ten times what it manages. */

import {
  addressOf,
  type Bed,
  inPod,
  must,
  podOf,
  scrape,
  sumOf,
  until,
} from "../../../demo/bed.ts";
import type { LongCase } from "../case.ts";
import { loadOnce } from "../load.ts";
import { NAMESPACE, SLOW_RATE } from "../workloads.ts";

const OFFERED = 10 * SLOW_RATE;
const SECONDS = 60;
const RSS_LIMIT_BYTES = 160 * 1024 * 1024;
/** Requests at a time: as many as are offered within the Service's timeout, and more. */
const CONNECTIONS = 3000;
const TIMEOUT = "1s";
const RECOVERY_MS = 5000;

async function residentOf(bed: Bed, app: string): Promise<number> {
  const samples = await scrape(bed, await podOf(bed, app, NAMESPACE));
  return sumOf(samples, "process_resident_memory_bytes");
}

/** The head of what a request gets now. */
async function headOf(bed: Bed, url: string): Promise<string> {
  const client = await podOf(bed, "client", NAMESPACE);
  return await must(bed, inPod(bed, client, ["curl", "-sS", "-m5", "-o/dev/null", "-D-", url]));
}

const OVERLOAD: LongCase = {
  name: `P35, ERR7: a backend that manages ${SLOW_RATE} rps and is offered ${OFFERED} for ${SECONDS} s costs no more than 160 MB, and is well again within 5 s`,
  run: async ({ bed, kubectl }) => {
    const note = `timeout.linkerd.io/request=${TIMEOUT}`;
    await must(bed, [kubectl, "-n", NAMESPACE, "annotate", "service", "slow", note]);
    let over = false;
    let most = 0;
    const watch = async (): Promise<void> => {
      for (; !over; await Bun.sleep(1000))
        for (const app of ["client", "slow"]) most = Math.max(most, await residentOf(bed, app));
    };
    const url = `http://${await addressOf(bed, "slow", NAMESPACE)}:80/`;
    const refusal = async (): Promise<string> =>
      until("a request is refused", SECONDS * 1000, async () => {
        const head = await headOf(bed, url);
        return head.startsWith("HTTP/1.1 200") ? undefined : head;
      });
    const load = loadOnce(bed, "slow", {
      ...{ rate: OFFERED, seconds: SECONDS, connections: CONNECTIONS },
    }).finally(() => {
      over = true;
    });
    const [result, head] = await Promise.all([load, refusal(), watch()]);
    if (!/^HTTP\/1\.1 504\b/.test(head) || !/l5d-proxy-error: request timeout/.test(head))
      throw new Error(`a refusal is ${head}`);
    const wrong = result.failures.filter((failure) => !failure.includes("status 504"));
    if (wrong.length > 0) throw new Error(`other failures than 504: ${wrong.join(", ")}`);
    if (most > RSS_LIMIT_BYTES) throw new Error(`a proxy had ${Math.round(most / 2 ** 20)} MiB`);
    await until("it is well again", RECOVERY_MS, async () =>
      (await headOf(bed, url)).startsWith("HTTP/1.1 200"),
    );
    const { answered, failed, unanswered } = result;
    return `${answered} answered, ${failed} refused, ${unanswered} unanswered, ${Math.round(most / 2 ** 20)} MiB at most`;
  },
};

/** All. */
export const OVERLOADS: readonly LongCase[] = [OVERLOAD];
