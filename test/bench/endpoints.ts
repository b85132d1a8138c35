/** What a thousand endpoints cost beside 64: us, and HAProxy in the same rounds. */

import { existsSync, writeFileSync } from "node:fs";
import type { Bed } from "./bed.ts";
import { type CpuCase, round, wrk } from "./cpu.ts";
import { median, type Rounds } from "./measurement.ts";
import { haproxyCommon } from "./peers.ts";
import { loopbackAddrs, SERVICES } from "./services.ts";

/** HAProxy's ports, which nothing else of the bench has. */
const FRONTS = [
  { service: "endpoints-1000", port: 14_150 },
  { service: "endpoints-64", port: 14_151 },
] as const;

/** For a profile: what is loaded. */
export const THOUSAND: CpuCase = {
  ...{ gate: 1.1, target: 1.05, peer: "ours", pair: false, load: wrk(32) },
  ours: "http://10.99.0.24/1k",
  theirs: "http://10.99.0.23/1k",
};

/** Rounds are of half the length and so many times as many: what is asked for is less than what a second differs from the next. */
const PARTS = 3;

type Say = (line: string) => void;
/** Microseconds a request at a URL. */
type Measure = (url: string, seconds: number) => Promise<number>;

/**
 * The gate is 1.1 of what 64 cost. A thousand sockets cost whoever has them more than 64, and how much is the machine's:
 * where the caches of its processor hold them it is 1.07, where not 1.2 for HAProxy too, which also takes the better of two
 * at random. What a proxy adds of its own is what is above that: 1.1 of HAProxy's ratio pass as well.
 */
export async function measureEndpoints(bed: Bed, how: Rounds, say: Say): Promise<boolean> {
  const { rounds, seconds } = { rounds: how.rounds * PARTS, seconds: how.seconds / 2 };
  const config = `${bed.dir}/endpoints.cfg`;
  const socket = `${bed.dir}/endpoints.sock`;
  writeFileSync(config, haproxyConfig(socket));
  const haproxy = bed.spawn("client", ["taskset", "-c", "0", "haproxy", "-db", "-f", config]);
  try {
    while (!existsSync(socket) && haproxy.exitCode === null) await Bun.sleep(50);
    const [many, few] = FRONTS.map(({ port }) => `http://127.0.0.1:${port}/1k`) as [string, string];
    const ours = measuring(bed, bed.pidOf("ours"));
    const theirs = measuring(bed, haproxy.pid);
    const ratios = { ours: [] as number[], haproxy: [] as number[] };
    for (let i = -1; i < rounds; i++) {
      const [a, b] = [await ours(THOUSAND.ours, seconds), await ours(THOUSAND.theirs, seconds)];
      const [c, d] = [await theirs(many, seconds), await theirs(few, seconds)];
      // Before the first one nobody has connections.
      if (i < 0) continue;
      ratios.ours.push(a / b);
      ratios.haproxy.push(c / d);
      const [us, them] = [`${shown(a)} and ${shown(b)}`, `${shown(c)} and ${shown(d)}`];
      say(`endpoints-1000: ours ${us} µs per request with 1,000 and 64, HAProxy ${them}`);
    }
    return judge(ratios, say);
  } finally {
    haproxy.kill();
    await haproxy.exited;
  }
}

/**
 * A round begins with a second that is not counted: an endpoint's connections are closed after three seconds of rest,
 * and how long they live is not what is asked.
 */
const measuring =
  (bed: Bed, pid: number): Measure =>
  async (url, seconds) => {
    await bed.load(THOUSAND.load(url, 1));
    return (await round(bed, [pid], THOUSAND.load(url, seconds))).micros;
  };

function judge(
  { ours, haproxy }: Readonly<Record<"ours" | "haproxy", readonly number[]>>,
  say: Say,
): boolean {
  const { gate, target } = THOUSAND;
  const [us, them] = [median(ours), median(haproxy)];
  const passed = us <= gate || us / them <= gate;
  const bounds = `gate ${gate} of either, target ${target}`;
  const beside = `${(us / them).toFixed(2)} of HAProxy's ${them.toFixed(2)} (${spread(haproxy)})`;
  say(
    `endpoints-1000: ${us.toFixed(2)}× 64 (${spread(ours)}), ${beside}; ${bounds}, ${passed ? "passed" : "FAILED"}`,
  );
  return passed;
}

const shown = (micros: number): string => micros.toFixed(1);
const spread = (ratios: readonly number[]): string =>
  `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;

function haproxyConfig(socket: string): string {
  const fronts = FRONTS.map(({ service, port }) => {
    const { endpoint, endpoints } = SERVICES[service] ?? {};
    const addrs = loopbackAddrs(endpoint ?? "", endpoints ?? 1);
    const servers = addrs.map((addr, at) => `  server s${at} ${addr}`).join("\n");
    return `listen ${service}\n  bind 127.0.0.1:${port}\n  balance random(2)\n${servers}\n`;
  });
  const common = haproxyCommon(`  stats socket ${socket}\n`);
  return `${common}  option http-no-delay\n${fronts.join("")}`;
}
