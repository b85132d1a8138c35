/** What each attack costs a real proxy, and what other clients notice while it runs. */

import { type Bed, FIRST, type Side } from "../bed.ts";
import type { LoadResult } from "../load/result.ts";
import { PORTS, SERVER_IP } from "../peers.ts";
import { cpuTicks, memoryMib, TICK_MS } from "../process.ts";
import type { Attack } from "./attack.ts";
import type { Attacked } from "./attacker.ts";
import { type Cost, failuresOf } from "./verdict.ts";

type Say = (line: string) => void;
const ATTACKER = new URL("attacker.ts", import.meta.url).pathname;
const LOADER = new URL("../load/main.ts", import.meta.url).pathname;
const SIDES = ["client", "server"] as const;
const DOORS: Readonly<Record<Side, string>> = { client: "outbound", server: "inbound" };

/** Others' requests a second; with those of one second the p99 is a tenth's. */
const RATE = 1000;
const BEFORE_SECONDS = 2;
/** Without an end of its own an attack ends then. */
const ATTACK_MS = 2500;
/** From the start of the load's process to its first request, and to the attack. */
const LEAD_MS = 1200;
const DURING_SECONDS = 3.5;
/** Others' requests before those that count. */
const SETTLING_SECONDS = 0.5;
const ATTEMPTS = 3;
const SAMPLE_MS = 25;
const WARM_UP_SECONDS = 10;

interface Place {
  readonly ip: string;
  readonly port: number;
}

/** Those who are not attacked have applications of their own: what they wait for is to be the proxy alone. */
type Application = "http1" | "http2" | "other1" | "other2" | "hostile";

/** Where a client reaches an application through each proxy. */
const PLACES: Readonly<Record<Side, Readonly<Record<Application, Place>>>> = {
  client: {
    other1: { ip: "10.99.0.5", port: 80 },
    other2: { ip: "10.99.0.6", port: 80 },
    http1: { ip: "10.99.0.1", port: 80 },
    http2: { ip: "10.99.0.2", port: 80 },
    hostile: { ip: "10.99.0.4", port: 80 },
  },
  server: {
    other1: { ip: SERVER_IP, port: PORTS.http1Other },
    other2: { ip: SERVER_IP, port: PORTS.http2Other },
    http1: { ip: SERVER_IP, port: PORTS.http1App },
    http2: { ip: SERVER_IP, port: PORTS.http2App },
    hostile: { ip: SERVER_IP, port: PORTS.hostileApp },
  },
};

/** Measures attacks one after the other on both proxies; false where one is not borne. */
export async function measureAttacks(
  bed: Bed,
  attacks: readonly Attack[],
  say: Say,
): Promise<boolean> {
  await bed.goFirst();
  for (const side of SIDES)
    for (const over of ["http1", "http2"] as const)
      await others(bed, { side, over }, WARM_UP_SECONDS);
  let passed = 0;
  let failed = 0;
  for (const attack of attacks)
    for (const side of SIDES)
      if (!(attack.over === "tls" && side === "client")) {
        if (await measureOne(bed, { attack, side }, say)) passed++;
        else failed++;
      }
  say(`attacks: ${passed} passed, ${failed} FAILED`);
  return failed === 0;
}

interface Aim {
  readonly attack: Attack;
  readonly side: Side;
}

/** Measures until all holds; a p99 that does not is measured again, as what else the machine does is in it too. */
async function measureOne(bed: Bed, aim: Aim, say: Say): Promise<boolean> {
  for (let left = ATTEMPTS - 1; ; left--) {
    const one = await attempt(bed, aim);
    const failures = failuresOf(one.cost);
    if (left > 0 && failures.length === 1 && failures[0] === "p99") continue;
    say(lineOf(aim, { ...one, failures }));
    return failures.length === 0;
  }
}

interface Attempt {
  readonly cost: Cost;
  readonly attacked: Attacked;
  readonly seconds: number;
}

async function attempt(bed: Bed, { attack, side }: Aim): Promise<Attempt> {
  const pid = bed.pidOf("ours", side);
  const over = attack.over === "http2" ? "http2" : "http1";
  const rest = cpuTicks(pid);
  const before = await others(bed, { side, over }, BEFORE_SECONDS);
  const restTicks = (cpuTicks(pid) - rest) / (BEFORE_SECONDS + SETTLING_SECONDS);
  const upstream = attack.upstream && (await startUpstream(bed, { attack, side }));
  const during = others(bed, { side, over }, DURING_SECONDS);
  await Bun.sleep(LEAD_MS);
  const watch = watchMemory(pid);
  const [ticks, startMs] = [cpuTicks(pid), performance.now()];
  const { attacked, seconds } = await run(bed, { attack, side });
  const spent = cpuTicks(pid) - ticks - (restTicks * (performance.now() - startMs)) / 1000;
  const { latencyUs, failed, unanswered, lost } = await during;
  const mib = watch.stop();
  upstream?.kill("SIGKILL");
  const cost: Cost = {
    mib,
    cpuSeconds: Math.max(0, (spent * TICK_MS) / 1000),
    p99Before: before.latencyUs.p99,
    p99During: latencyUs.p99,
    errors: failed + unanswered + lost,
    ready: await bed.ready(side),
  };
  return { cost, attacked, seconds };
}

function lineOf(
  { attack: { id, name }, side }: Aim,
  { cost, attacked, seconds, failures }: Attempt & { readonly failures: readonly string[] },
): string {
  const { mib, cpuSeconds, p99Before, p99During, errors } = cost;
  const figures = `${mib.toFixed(1)} MiB, ${cpuSeconds.toFixed(2)} CPU-s, p99 ${p99Before}→${p99During} µs, ${errors} errors`;
  const ended = `${attacked.endings} (${attacked.connections} connections, ${seconds.toFixed(1)} s)`;
  const verdict = failures.length === 0 ? "passed" : `FAILED: ${failures.join(", ")}`;
  return `attacks:${id} ${DOORS[side]}: ${name}: ${figures}; ${ended}; ${verdict}`;
}

/** Others' requests by schedule, on connections of their own. */
async function others(
  bed: Bed,
  { side, over }: { readonly side: Side; readonly over: "http1" | "http2" },
  seconds: number,
): Promise<LoadResult> {
  const { ip, port } = PLACES[side][over === "http2" ? "other2" : "other1"];
  const url = `${over === "http2" ? "h2c" : "http"}://${ip}:${port}/1k`;
  const words = [
    "--url",
    url,
    "--rate",
    RATE,
    "--connections",
    8,
    "--warm-up",
    SETTLING_SECONDS,
    "--streams",
    4,
    "--for",
    seconds,
  ];
  return JSON.parse(
    await bed.load([...FIRST, 10, "bun", LOADER, ...words].map(String)),
  ) as LoadResult;
}

/** The hostile server, once it listens. */
async function startUpstream(bed: Bed, { attack, side }: Aim): Promise<Bun.Subprocess> {
  const words = ["bun", ATTACKER, "upstream", attack.id, String(PORTS.hostileApp)];
  const upstream = bed.serve(side, words);
  for await (const _ of upstream.stdout) break;
  return upstream;
}

/** The attack from one process, which the others go before: it would have a machine of its own. */
async function run(
  bed: Bed,
  { attack, side }: Aim,
): Promise<{ readonly attacked: Attacked; readonly seconds: number }> {
  const { ip, port } =
    PLACES[side][attack.upstream ? "hostile" : attack.over === "http2" ? "http2" : "http1"];
  const startMs = performance.now();
  const words = ["bun", ATTACKER, "attack", attack.id, ip, port, ATTACK_MS];
  const attacked = JSON.parse(await bed.load(words.map(String))) as Attacked;
  return { attacked, seconds: (performance.now() - startMs) / 1000 };
}

/** Follows Pss_Anon of a process; `stop` gives the peak over what was there at first. */
function watchMemory(pid: number): { stop(): number } {
  const now = (): number => memoryMib(pid)("Pss_Anon");
  const first = now();
  let peak = first;
  const timer = setInterval(() => {
    peak = Math.max(peak, now());
  }, SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return Math.max(peak, now()) - first;
    },
  };
}
