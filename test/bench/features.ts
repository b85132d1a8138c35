/** What policy, an access log and tracing cost that are on and used, beside none, in interleaved rounds of pairs of proxies. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Bed, type BedFeature, SIDES } from "./bed.ts";
import { type Round, round, wrk } from "./cpu.ts";
import { judge, median, type Rounds } from "./measurement.ts";

/** What is measured: a bed with this on, called at a Service (`services.ts`). */
interface Variant {
  readonly name: string;
  readonly on: readonly BedFeature[];
  readonly url: string;
}

type Say = (line: string) => void;
type Measure = (variant: Variant, seconds: number) => Promise<Round>;

const GATE = { gate: 1.2, target: 1.1, peer: "none" } as const;
const CONNECTIONS = 64;
const WARM_SECONDS = 2;
const WARM_REQUESTS = 40_000;
const WARM_RUNS_LIMIT = 10;
/**
 * Rounds are of half the length and four times as many: what is asked for is less than what a second on a machine that
 * others use differs from the next.
 */
const PARTS = 4;
/** The same Service with nothing. */
const PLAIN = "http://10.99.0.11/1k";
const NONE: Variant = { name: "none", on: [], url: PLAIN };
const ALL: Variant = {
  name: "features",
  on: ["restricted", "access-log", "traced"],
  url: "http://10.99.0.25/1k",
};
const EACH: readonly Variant[] = [
  { name: "ten rules", on: [], url: "http://10.99.0.26/1k" },
  { name: "retries and timeouts", on: [], url: "http://10.99.0.27/1k" },
  { name: "authorization and rate limit", on: ["restricted"], url: PLAIN },
  { name: "access log", on: ["access-log"], url: PLAIN },
  { name: "tracing", on: ["traced"], url: PLAIN },
];
/** For wrk: of a hundred requests one belongs to a trace that is sampled. Whoever does not trace passes that on. */
const SAMPLED = `local count = 0
function init(args)
  plain = wrk.format()
  sampled = wrk.format(nil, nil, { traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" })
end
function request()
  count = count + 1
  if count % 100 == 0 then return sampled end
  return plain
end
`;

/**
 * A route of ten rules, retries and timeouts armed, authorization by identity at a route, a rate limit, an access log
 * and tracing with one request of a hundred in a sampled trace, all together. False where the gate does not hold.
 */
export async function measureFeatures(how: Rounds, say: Say): Promise<boolean> {
  return await measureVariants([ALL], how, say);
}

/** The same, and each of them alone. */
export async function measureEachFeature(how: Rounds, say: Say): Promise<boolean> {
  return await measureVariants([ALL, ...EACH], how, say);
}

/** The ratios to none of the first of them are judged, those of the others said. */
async function measureVariants(
  variants: readonly Variant[],
  how: Rounds,
  say: Say,
): Promise<boolean> {
  const beds = new Map<string, Bed>();
  try {
    for (const { on } of [NONE, ...variants])
      if (!beds.has(on.join())) beds.set(on.join(), await startBed(on));
    const measure: Measure = ({ on, url }, seconds) =>
      measurePair(beds.get(on.join()) as Bed, url, seconds);
    const [judged = [], ...others] = await ratiosOf(variants, measure, { ...how, say });
    for (const [on, bed] of beds) if (on.includes("traced")) saySpans(bed, say);
    for (const [at, ratios] of others.entries())
      say(`${variants[at + 1]?.name} alone: ${median(ratios).toFixed(2)}× none`);
    return judge("features", judged, GATE, say);
  } finally {
    for (const bed of beds.values()) await bed.stop();
  }
}

/** The ratios to none, of each round, of each of them. */
async function ratiosOf(
  variants: readonly Variant[],
  measure: Measure,
  { rounds, seconds, say }: Rounds & { readonly say: Say },
): Promise<readonly (readonly number[])[]> {
  for (const each of [NONE, ...variants]) await warm(() => measure(each, WARM_SECONDS));
  const ratios = variants.map((): number[] => []);
  for (let i = 0; i < rounds * PARTS; i++) {
    const micros: number[] = [];
    for (const each of variants) micros.push((await measure(each, seconds / 2)).micros);
    const none = (await measure(NONE, seconds / 2)).micros;
    for (const [at, each] of micros.entries()) ratios[at]?.push(each / none);
    say(`features: ${micros[0]?.toFixed(1)} µs per request, none ${none.toFixed(1)} µs`);
  }
  return ratios;
}

async function startBed(on: readonly BedFeature[]): Promise<Bed> {
  const bed = new Bed({ on });
  try {
    await bed.start();
    writeFileSync(`${bed.dir}/sampled.lua`, SAMPLED);
  } catch (error) {
    await bed.stop();
    throw error;
  }
  return bed;
}

/** As many requests as it takes until the compilers are done with what they use, on a busy machine too. */
async function warm(run: () => Promise<Round>): Promise<void> {
  let requests = 0;
  for (let runs = 0; runs < WARM_RUNS_LIMIT && requests < WARM_REQUESTS; runs++)
    requests += (await run()).requests;
}

function measurePair(bed: Bed, url: string, seconds: number): Promise<Round> {
  const load = wrk(CONNECTIONS, "-s", `${bed.dir}/sampled.lua`);
  const pids = SIDES.map((side) => bed.pidOf("ours", side));
  return round(bed, pids, load(url, seconds));
}

/** Throws where a proxy has sent no spans: then tracing was not measured. */
function saySpans(bed: Bed, say: Say): void {
  const counts = SIDES.map((side) => {
    const file = `${bed.dir}/spans-${side}`;
    const count = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
    if (count === 0) throw new Error(`Cannot measure tracing: no spans from the ${side}'s side`);
    return count;
  });
  say(`features: collectors have ${counts.join(" and ")} spans so far`);
}
