/** What both proxies hold: memory after load and later, CPU time when idle, connections, bytes allocated per request. */

import type { Bed } from "./bed.ts";
import { bytesOf, type Rounds, requestsOf } from "./measurement.ts";
import { cpuNanos, memoryMib } from "./process.ts";

const MEMORY = {
  pss: { gate: 25, target: 20 },
  private: { gate: 16, target: 12 },
  later: { gate: 6, target: 3 },
};
/** Milliseconds of CPU time a second. */
const IDLE = { gate: 0.2, seconds: 20 };
/** By then what the start has left was given back, and nobody compiles any more. */
const SETTLED_MS = 45_000;
const LATER_MS = 10_000;
const CONNECTIONS = { count: 4000, rate: 2000 };
const WARM_UP_REQUESTS = 300_000;
const ALLOCATION_ATTEMPTS = 5;
const ALLOCATED = { gate: 2.8, target: 1.7 };
const SIDES = ["client", "server"] as const;
const LOADER = new URL("load/main.ts", import.meta.url).pathname;

type Say = (line: string) => void;
const verdict = (passed: boolean): string => (passed ? "passed" : "FAILED");

/** MiB of a process, shared pages divided among those that share them, and its own alone. */
function memoryOf(pid: number): { readonly pss: number; readonly private: number } {
  const mib = memoryMib(pid);
  return { pss: mib("Pss"), private: mib("Private_Clean") + mib("Private_Dirty") };
}

/** CPU time of each proxy without work; false where the gate fails. */
export async function measureIdle(bed: Bed, _: Rounds, say: Say): Promise<boolean> {
  await Bun.sleep(SETTLED_MS);
  const pids = SIDES.map((side) => bed.pidOf("ours", side));
  const before = pids.map(cpuNanos);
  await Bun.sleep(IDLE.seconds * 1000);
  const spent = pids.map((pid, i) => (cpuNanos(pid) - (before[i] ?? 0)) / 1e6 / IDLE.seconds);
  const passed = spent.every((millis) => millis <= IDLE.gate);
  say(
    `idle: ${spent.map((millis) => millis.toFixed(3)).join(" and ")} ms of CPU a second (gate ${IDLE.gate}), ${verdict(passed)}`,
  );
  return passed;
}

/** Memory before load, right after it and later; false where a gate fails. */
export async function measureMemory(bed: Bed, _: Rounds, say: Say): Promise<boolean> {
  const take = (): { pss: number; private: number }[] =>
    SIDES.map((side) => memoryOf(bed.pidOf("ours", side)));
  const most = (values: readonly { pss: number; private: number }[], what: "pss" | "private") =>
    Math.max(...values.map((value) => value[what]));
  const idle = take();
  await bed.load(["wrk", "-t1", "-c100", "-d10s", "http://10.99.0.11/1k"]);
  const after = take();
  await Bun.sleep(LATER_MS);
  const later = take();
  const grown = Math.max(...later.map(({ private: own }, i) => own - (idle[i]?.private ?? 0)));
  const held = [
    ["memory-pss", most(after, "pss"), MEMORY.pss],
    ["memory-private", most(after, "private"), MEMORY.private],
    ["memory-later", grown, MEMORY.later],
  ] as const;
  for (const [name, mib, { gate, target }] of held)
    say(`${name}: ${mib.toFixed(1)} MB (gate ${gate}, target ${target}), ${verdict(mib <= gate)}`);
  say(
    `memory: idle ${most(idle, "pss").toFixed(1)} MB PSS, ${most(idle, "private").toFixed(1)} private`,
  );
  return held.every(([, mib, { gate }]) => mib <= gate);
}

/** How many of the opaque connections that are opened at once stay; false where one is lost. */
export async function measureConnections(bed: Bed, _: Rounds, say: Say): Promise<boolean> {
  const { count, rate } = CONNECTIONS;
  const words = ["--url", "http://10.99.0.13/1k", "--connect", "hold", "--rate", String(rate)];
  const more = ["--connections", String(count), "--for", "10"];
  const text = await bed.load(["bun", LOADER, ...words, ...more]);
  const { answered, lost } = JSON.parse(text) as { answered: number; lost: number };
  const passed = answered === count && lost === 0;
  say(
    `connections: ${answered} of ${count} opaque ones answered, ${lost} lost (gate: all), ${verdict(passed)}`,
  );
  return passed;
}

/**
 * KB allocated in the collector's heap per request of one plain hop: what its cells grow by while nothing is collected,
 * and the chunks that the runtime hands over, whose bytes are beside them. The bed's proxies must tell of their heap.
 */
export async function measureAllocations(bed: Bed, _: Rounds, say: Say): Promise<boolean> {
  const run = async (seconds: number): Promise<string> =>
    await bed.load(["wrk", "-t1", "-c16", `-d${seconds}s`, "http://10.99.0.1/1k"]);
  // Code that is not yet compiled to the end allocates what it will not.
  for (let done = 0; done < WARM_UP_REQUESTS; ) done += requestsOf(await run(5));
  for (let left = ALLOCATION_ATTEMPTS; left > 0; left--) {
    const before = await bed.heap("client");
    const text = await run(1);
    const { cells, extra } = await bed.heap("client");
    const grown = cells + extra - before.cells - before.extra;
    // There was a collection after all.
    if (grown < 0) continue;
    const kb = (grown + bytesOf(text)) / requestsOf(text) / 1000;
    const passed = kb <= ALLOCATED.gate;
    say(
      `allocations: ${kb.toFixed(2)} KB a request (gate ${ALLOCATED.gate}, target ${ALLOCATED.target}), ${verdict(passed)}`,
    );
    return passed;
  }
  throw new Error("Cannot measure allocations: each second had a collection in it");
}
