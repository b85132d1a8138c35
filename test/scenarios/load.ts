/** Requests at a steady rate while something happens. */

import { inPod, ROOT } from "../demo/bed.ts";
import type { Caller } from "./workloads.ts";
import type { World } from "./world.ts";

/** What came: how many of each kind, as `STATUS BACKEND` or `lost REASON`. */
export type Load = { readonly sent: number; readonly answers: Readonly<Record<string, number>> };

/** Who asks for what, and how often. */
export type LoadOptions = {
  readonly from: Caller;
  /** A name and a port. */
  readonly address: string;
  /** Requests a second. */
  readonly rate: number;
};

/** Begins to ask; `stop` ends it, waits for the last answer and says what came. */
export async function startLoad(
  world: World,
  { from, address, rate }: LoadOptions,
): Promise<{ stop(): Promise<Load> }> {
  const program = `${ROOT}/test/scenarios/apps/load.js`;
  const to = await world.names.dialled(address);
  const command = ["node", program, to, address, String(rate)];
  const child = Bun.spawn(inPod(world.bed, await world.pods.of(from), command), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  return {
    stop: async () => {
      await child.stdin.end();
      const load = JSON.parse(await new Response(child.stdout).text()) as Load;
      for (const [what, count] of Object.entries(load.answers))
        if (/^\d+ ./.test(what)) world.asked.backends(from, count);
      return load;
    },
  };
}

/** The kinds of answers that came, in order. */
export const kindsOf = ({ answers }: Load): string[] => Object.keys(answers).toSorted();
