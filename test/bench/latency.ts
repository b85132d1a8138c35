/** Latency by schedule: what a pair adds to a direct request, beside what HAProxy's adds, and how many of one hop are late. */

import type { Bed } from "./bed.ts";
import type { Latency, LoadResult } from "./load/result.ts";
import { judge, type Rounds, requestsOf } from "./measurement.ts";
import { PORTS, SERVER_IP } from "./peers.ts";

const RATE = 1000;
const CONNECTIONS = 16;
/** Before what counts of each load. */
const WARM_UP_SECONDS = 1;
/** Requests before the tail is looked at: the runtime compiles what is hot while it runs. */
const WARM_UP_REQUESTS = 200_000;
/** The first requests of a proxy's life are reported apart. */
const FIRST_REQUESTS = 20_000;
const P50 = { gate: 1.1, target: 0.9 };
const P99 = { gate: 2.2, target: 1.2 };
const LATE = { gate: 4.5, target: 1.5 };
const PROGRAM = new URL("load/main.ts", import.meta.url).pathname;

interface Place {
  readonly ip: string;
  readonly port: number;
}

const DIRECT: Place = { ip: SERVER_IP, port: PORTS.directApp };
const PAIR: Place = { ip: "10.99.0.11", port: 80 };
const HAPROXY: Place = { ip: "127.0.0.1", port: PORTS.pairHttp1 };
const HOP: Place = { ip: "10.99.0.1", port: 80 };
const NGINX: Place = { ip: "127.0.0.1", port: PORTS.http1Peer };

async function load(bed: Bed, { ip, port }: Place, seconds: number): Promise<Latency> {
  const words = ["--url", `http://${ip}:${port}/1k`, "--rate", RATE, "--for", seconds];
  const more = ["--connections", CONNECTIONS, "--warm-up", WARM_UP_SECONDS];
  const text = await bed.load(["bun", PROGRAM, ...words, ...more].map(String));
  const { failed, unanswered, latencyUs } = JSON.parse(text) as LoadResult;
  if (failed + unanswered > 0)
    throw new Error(`Cannot measure: ${failed + unanswered} requests to ${ip}:${port} failed`);
  return latencyUs;
}

/** As many requests as are wanted, as fast as they go. */
async function warmUp(bed: Bed, { ip, port }: Place): Promise<void> {
  for (let done = 0; done < WARM_UP_REQUESTS; ) {
    const text = await bed.load(["wrk", "-t1", "-c16", "-d3s", `http://${ip}:${port}/1k`]);
    done += requestsOf(text);
  }
}

/** Added p50 and p99 of both proxies at 1,000 requests a second, over those of HAProxy's pair; false where a gate fails. */
export async function measureLatency(
  bed: Bed,
  { rounds, seconds }: Rounds,
  say: (line: string) => void,
): Promise<boolean> {
  const first = await load(bed, PAIR, FIRST_REQUESTS / RATE);
  say(
    `latency: the first ${FIRST_REQUESTS} requests p50 ${first.p50}, p99 ${first.p99}, p99.9 ${first.p999} µs`,
  );
  for (const place of [PAIR, HAPROXY]) await warmUp(bed, place);
  const [p50, p99]: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    const [direct, ours, theirs] = [
      await load(bed, DIRECT, seconds),
      await load(bed, PAIR, seconds),
      await load(bed, HAPROXY, seconds),
    ];
    p50.push((ours.p50 - direct.p50) / (theirs.p50 - direct.p50));
    p99.push((ours.p99 - direct.p99) / (theirs.p99 - direct.p99));
    const shown = ({ p50: middle, p99: tail }: Latency): string => `${middle}/${tail}`;
    say(
      `latency: p50/p99 direct ${shown(direct)}, ours ${shown(ours)}, haproxy ${shown(theirs)} µs`,
    );
  }
  const held = [
    judge("latency-p50", p50, { ...P50, peer: "haproxy" }, say),
    judge("latency-p99", p99, { ...P99, peer: "haproxy" }, say),
  ];
  return held.every(Boolean);
}

/** The share of requests over 700 µs through one plain hop, over nginx's; false where the gate fails. */
export async function measureLate(
  bed: Bed,
  { rounds, seconds }: Rounds,
  say: (line: string) => void,
): Promise<boolean> {
  for (const place of [HOP, NGINX]) await warmUp(bed, place);
  const ratios: number[] = [];
  // One late request in a round of nginx's may be the machine's: none counts as one.
  const least = 1 / (RATE * seconds);
  for (let i = 0; i < rounds; i++) {
    const [ours, theirs] = [await load(bed, HOP, seconds), await load(bed, NGINX, seconds)];
    ratios.push(ours.late / Math.max(theirs.late, least));
    const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
    say(`late: over 700 µs ours ${percent(ours.late)}, nginx ${percent(theirs.late)}`);
  }
  return judge("late", ratios, { ...LATE, peer: "nginx" }, say);
}
