/** What a thousand endpoints cost HAProxy beside 64: of what they cost us, the part that sockets cost everybody. */

import { existsSync, writeFileSync } from "node:fs";
import type { Bed } from "./bed.ts";
import { round, wrk } from "./cpu.ts";
import { median, type Rounds } from "./measurement.ts";
import { haproxyCommon } from "./peers.ts";
import { loopbackAddrs, SERVICES } from "./services.ts";

/** Its ports, which nothing else of the bench has. */
const FRONTS = [
  { service: "endpoints-1000", port: 14_150 },
  { service: "endpoints-64", port: 14_151 },
] as const;
const LOAD = wrk(32);

/** One process that chooses the better of two at random, as we do, for the same Services as `endpoints-1000`. */
export async function measureEndpointsOfPeer(
  bed: Bed,
  { rounds, seconds }: Rounds,
  say: (line: string) => void,
): Promise<boolean> {
  const config = `${bed.dir}/endpoints.cfg`;
  const socket = `${bed.dir}/endpoints.sock`;
  writeFileSync(config, haproxyConfig(socket));
  const haproxy = bed.spawn("client", ["taskset", "-c", "0", "haproxy", "-db", "-f", config]);
  try {
    while (!existsSync(socket) && haproxy.exitCode === null) await Bun.sleep(50);
    const measure = async (front: (typeof FRONTS)[number], length: number): Promise<number> => {
      const url = `http://127.0.0.1:${front.port}/1k`;
      await bed.load(LOAD(url, 1));
      return (await round(bed, [haproxy.pid], LOAD(url, length))).micros;
    };
    const ratios: number[] = [];
    for (const front of FRONTS) await measure(front, 2);
    for (let i = 0; i < rounds; i++) {
      const [many, few] = [await measure(FRONTS[0], seconds), await measure(FRONTS[1], seconds)];
      ratios.push(many / few);
      say(`endpoints-haproxy: ${many.toFixed(1)} µs per request, with 64 ${few.toFixed(1)} µs`);
    }
    const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    say(`endpoints-haproxy: ${median(ratios).toFixed(2)}× 64 (${spread}), to compare with`);
    return true;
  } finally {
    haproxy.kill();
    await haproxy.exited;
  }
}

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
