/** What policy and an access log cost that are on and used, beside none, in interleaved rounds of two pairs of proxies. */

import { Bed } from "./bed.ts";
import { type Round, round, wrk } from "./cpu.ts";
import { judge, type Rounds } from "./measurement.ts";

const LOAD = wrk(64);
const GATE = { gate: 1.2, target: 1.1, peer: "none" } as const;
/** The same Service without and with them (`services.ts`). */
const [PLAIN, FEATURED] = ["http://10.99.0.11/1k", "http://10.99.0.25/1k"] as const;

/**
 * A route of ten rules, retries and timeouts armed, authorization by identity at a route, a rate limit and an access
 * log, all together. False where the gate does not hold.
 */
export async function measureFeatures(
  { rounds, seconds }: Rounds,
  say: (line: string) => void,
): Promise<boolean> {
  const beds = [new Bed(), new Bed({ featured: true })] as const;
  try {
    for (const bed of beds) await bed.start();
    const measure = (bed: Bed, url: string, length: number): Promise<Round> =>
      round(bed, [bed.pidOf("ours", "client"), bed.pidOf("ours", "server")], LOAD(url, length));
    const [none, all] = beds;
    await measure(none, PLAIN, 3);
    await measure(all, FEATURED, 3);
    const ratios: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const a = await measure(all, FEATURED, seconds);
      const b = await measure(none, PLAIN, seconds);
      ratios.push(a.micros / b.micros);
      say(
        `features: ${a.micros.toFixed(1)} µs per request (${a.requests}), none ${b.micros.toFixed(1)} µs (${b.requests})`,
      );
    }
    return judge("features", ratios, GATE, say);
  } finally {
    for (const bed of beds) await bed.stop();
  }
}
