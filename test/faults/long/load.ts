/** Requests by schedule from a pod of the mesh, for as long as something else goes on. */

import type { LoadResult } from "../../bench/load/result.ts";
import { addressOf, type Bed, inPod, podOf, ROOT, run } from "../../demo/bed.ts";
import { NAMESPACE, type Shop } from "./workloads.ts";

/** What became of all requests of a load. */
export interface Told {
  readonly due: number;
  readonly answered: number;
  readonly failed: number;
  readonly unanswered: number;
  readonly failures: readonly string[];
}

/** One run of the generator lasts so long; two of them overlap, so that there is load at any moment. */
const RUN_SECONDS = 6;
const CONNECTIONS = 4;
/** What a run may take beside its time, in milliseconds. */
const SLACK_MS = 60_000;

/** Runs the generator once in the client's pod. Rejects with what it says where it cannot. */
export async function loadOnce(
  bed: Bed,
  shop: Shop,
  how: { readonly rate: number; readonly seconds: number; readonly connections?: number },
): Promise<LoadResult> {
  const { rate, seconds, connections = CONNECTIONS } = how;
  const client = await podOf(bed, "client", NAMESPACE);
  const url = `http://${await addressOf(bed, shop, NAMESPACE)}:80/`;
  const program = [process.execPath, `${ROOT}/test/bench/load/main.ts`, "--url", url];
  const words = ["--rate", rate, "--connections", connections, "--for", seconds].map(String);
  const said = await run(bed, inPod(bed, client, [...program, ...words]), {
    timeoutMs: seconds * 1000 + SLACK_MS,
  });
  const last = said.out.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) throw new Error(`Cannot make load: ${said.err || said.out}`);
  return JSON.parse(last) as LoadResult;
}

/** Makes `rate` requests a second while `work` goes on, and tells of all of them. */
export async function whileLoaded(
  bed: Bed,
  { shop, rate }: { readonly shop: Shop; readonly rate: number },
  work: () => Promise<void>,
): Promise<Told> {
  const results: LoadResult[] = [];
  let over = false;
  const generator = async (delayMs: number): Promise<void> => {
    await Bun.sleep(delayMs);
    while (!over) results.push(await loadOnce(bed, shop, { rate: rate / 2, seconds: RUN_SECONDS }));
  };
  const loads = Promise.all([generator(0), generator((RUN_SECONDS * 1000) / 2)]);
  try {
    await Promise.race([work(), loads.then(() => undefined)]);
  } finally {
    over = true;
    await loads;
  }
  const sum = (name: "due" | "answered" | "failed" | "unanswered"): number =>
    results.reduce((total, result) => total + result[name], 0);
  return {
    due: sum("due"),
    answered: sum("answered"),
    failed: sum("failed"),
    unanswered: sum("unanswered"),
    failures: results.flatMap(({ failures }) => failures),
  };
}

/** The same, in words. */
export const inWords = ({ due, answered, failed, failures, unanswered }: Told): string =>
  `of ${due} requests ${answered} were answered, ${failed} failed (${failures.slice(0, 5).join(", ")}), ${unanswered} had no answer`;

/** Throws where a request was not answered as it should be, or where there were too few. */
export function expectNothingLost(told: Told, atLeast: number): void {
  const { due, answered, failed, unanswered } = told;
  if (failed > 0 || unanswered > 0 || answered < due || due < atLeast)
    throw new Error(`${inWords(told)}; at least ${atLeast} were to be`);
}
