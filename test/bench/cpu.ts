/** CPU time per unit of work, ours beside a peer's in interleaved rounds, as a ratio with a gate and a target. */

import type { Bed, Measured } from "./bed.ts";
import { judge, type Rounds, requestsOf } from "./measurement.ts";
import { PORTS } from "./peers.ts";
import { cpuTicks, TICK_MS } from "./process.ts";

/** One line of the table: what is loaded, whose time counts, and what the ratio must not exceed. */
export interface CpuCase {
  readonly gate: number;
  readonly target: number;
  readonly peer: Measured;
  /** Ours are both proxies, and the peer's too. */
  readonly pair: boolean;
  readonly inbound?: boolean;
  readonly load: (url: string, seconds: number) => readonly string[];
  readonly ours: string;
  readonly theirs: string;
  /** Bytes of a response, where the figure is Gbit per CPU-second and more is better. */
  readonly bulkBytes?: number;
}

export const wrk =
  (connections: number, ...more: readonly string[]) =>
  (url: string, seconds: number): string[] => [
    "wrk",
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    ...more,
    url,
  ];
const h2load =
  (clients: number, streams: number) =>
  (url: string, seconds: number): string[] => [
    "h2load",
    `-c${clients}`,
    `-m${streams}`,
    "--warm-up-time=0",
    `-D${seconds}`,
    url,
  ];
const local = (port: number, path: string): string => `http://127.0.0.1:${port}/${path}`;
const nginxHop = (path: string, gate: number, target: number): CpuCase => ({
  ...{ gate, target, peer: "nginx-http1", pair: false, load: wrk(32) },
  ours: `http://10.99.0.1/${path}`,
  theirs: local(PORTS.http1Peer, path),
});

/** The cases by the names they are asked for. */
export const CPU_CASES: Readonly<Record<string, CpuCase>> = {
  http1: nginxHop("1k", 1.45, 1.25),
  "http1-10k": nginxHop("10k", 1.4, 1.2),
  "http1-1m": { ...nginxHop("1m", 1.1, 0.9), load: wrk(8) },
  http2: {
    ...{ gate: 1.1, target: 0.85, peer: "nghttpx", pair: false, load: h2load(8, 16) },
    ours: "http://10.99.0.2/1k",
    theirs: local(PORTS.http2Peer, "1k"),
  },
  "http2-1": {
    ...{ gate: 1.45, target: 1.25, peer: "nghttpx", pair: false, load: h2load(8, 1) },
    ours: "http://10.99.0.2/1k",
    theirs: local(PORTS.http2Peer, "1k"),
  },
  mtls: {
    ...{ gate: 1.25, target: 1.0, peer: "nginx-mtls", pair: false, inbound: true, load: wrk(32) },
    ours: local(PORTS.dialOurs, "1k"),
    theirs: local(PORTS.dialPeer, "1k"),
  },
  "rules-200": {
    ...{ gate: 1.1, target: 1.05, peer: "ours", pair: false, load: wrk(32) },
    ours: "http://10.99.0.22/1k",
    theirs: "http://10.99.0.21/1k",
  },
  tcp: {
    ...{ gate: 1.25, target: 1.1, peer: "nginx-tcp", pair: false, load: wrk(32) },
    ours: "http://10.99.0.3/1k",
    theirs: local(PORTS.tcpPeer, "1k"),
  },
  "pair-http1": {
    ...{ gate: 1.8, target: 1.3, peer: "haproxy", pair: true, load: wrk(64) },
    ours: "http://10.99.0.11/1k",
    theirs: local(PORTS.pairHttp1, "1k"),
  },
  "pair-http2": {
    ...{ gate: 1.2, target: 0.8, peer: "haproxy", pair: true, load: h2load(8, 16) },
    ours: "http://10.99.0.12/1k",
    theirs: local(PORTS.pairHttp2, "1k"),
  },
  "pair-connections": {
    ...{ gate: 1.4, target: 1.1, peer: "haproxy", pair: true },
    load: wrk(64, "-H", "Connection: close"),
    ours: "http://10.99.0.11/1k",
    theirs: local(PORTS.pairHttp1, "1k"),
  },
  "pair-bulk": {
    ...{ gate: 0.95, target: 1.3, peer: "haproxy", pair: true, load: wrk(8) },
    ...{ ours: "http://10.99.0.13/8m", theirs: local(PORTS.pairTcp, "8m"), bulkBytes: 8_388_608 },
  },
};

/** Measures one case in interleaved rounds; false where its gate does not hold. */
export async function measureCpu(
  bed: Bed,
  { name, rounds, seconds }: Rounds & { readonly name: string },
  say: (line: string) => void,
): Promise<boolean> {
  const one = CPU_CASES[name] as CpuCase;
  const [us, them] = [pidsOf(bed, one, "ours"), pidsOf(bed, one, one.peer)];
  await round(bed, us, one.load(one.ours, 3));
  await round(bed, them, one.load(one.theirs, 1));
  const ratios: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const a = await round(bed, us, one.load(one.ours, seconds));
    const b = await round(bed, them, one.load(one.theirs, seconds));
    ratios.push(one.bulkBytes === undefined ? a.micros / b.micros : b.micros / a.micros);
    say(`${name}: ours ${shown(one, a)}, ${one.peer} ${shown(one, b)}`);
  }
  return judge(name, ratios, { ...one, moreIsBetter: one.bulkBytes !== undefined }, say);
}

function pidsOf(bed: Bed, { pair, inbound }: CpuCase, who: Measured): readonly number[] {
  if (pair) return [bed.pidOf(who, "client"), bed.pidOf(who, "server")];
  return [bed.pidOf(who, inbound ? "server" : "client")];
}

export interface Round {
  readonly micros: number;
  readonly requests: number;
}

/** Microseconds of CPU per request over one round; throws where the load saw an error. */
export async function round(
  bed: Bed,
  pids: readonly number[],
  command: readonly string[],
): Promise<Round> {
  const before = pids.map(cpuTicks);
  const text = await bed.load(command);
  const ticks = pids.reduce((sum, pid, i) => sum + cpuTicks(pid) - (before[i] ?? 0), 0);
  const requests = requestsOf(text);
  return { micros: (ticks * TICK_MS * 1000) / requests, requests };
}

function shown({ bulkBytes }: CpuCase, { micros, requests }: Round): string {
  if (bulkBytes === undefined) return `${micros.toFixed(1)} µs per request (${requests})`;
  return `${((bulkBytes * 8) / micros / 1000).toFixed(2)} Gbit per CPU-second (${requests})`;
}
