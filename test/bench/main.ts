/** `npm run bench -- [CASE…] [--full]`: what our proxies cost beside their peers, measured in one run, as ratios. */

import { ATTACKS } from "./attacks/list.ts";
import { measureAttacks } from "./attacks/measure.ts";
import { Bed, type Watch } from "./bed.ts";
import { measureColdStart } from "./cold-start.ts";
import { measureControl } from "./control/measure.ts";
import { CPU_CASES, type CpuCase, measureCpu } from "./cpu.ts";
import { measureEndpoints, THOUSAND } from "./endpoints.ts";
import { measureEachFeature, measureFeatures } from "./features.ts";
import { measureAllocations, measureConnections, measureIdle, measureMemory } from "./footprint.ts";
import { measureInstall } from "./install.ts";
import { measureLate, measureLatency } from "./latency.ts";
import type { Rounds } from "./measurement.ts";
import { measureScale } from "./scale/measure.ts";
import { measureWebhook } from "./webhook.ts";

type Say = (line: string) => void;
/** One case; false where a gate does not hold. */
type Measure = (bed: Bed, how: Rounds, say: Say) => Promise<boolean>;

/** Cases that want proxies nobody has used yet come first. */
const FRESH: Readonly<Record<string, Measure>> = {
  idle: measureIdle,
  memory: measureMemory,
  latency: measureLatency,
};
const USED: Readonly<Record<string, Measure>> = {
  ...Object.fromEntries(
    Object.keys(CPU_CASES).map((name): [string, Measure] => [
      name,
      (bed, how, say) => measureCpu(bed, { name, ...how }, say),
    ]),
  ),
  "endpoints-1000": measureEndpoints,
  late: measureLate,
  connections: measureConnections,
};
/** All attacks, which take a quarter of an hour, or one by its id: only where named. */
const NAMED: Readonly<Record<string, Measure>> = {
  attacks: (bed, _, say) => measureAttacks(bed, ATTACKS, say),
  ...Object.fromEntries(
    ATTACKS.map((attack): [string, Measure] => [
      `attacks:${attack.id}`,
      (bed, _, say) => measureAttacks(bed, [attack], say),
    ]),
  ),
};
/** The control plane's, without proxies and without peers: only where they are named. */
const CONTROL_PLANE: Readonly<Record<string, (say: Say) => Promise<boolean>>> = {
  install: measureInstall,
  webhook: measureWebhook,
  scale: measureScale,
  control: measureControl,
};
/** Cases for which the runtime is asked to tell more than it does in use. */
const WATCHED: Readonly<Record<string, Measure>> = { allocations: measureAllocations };
/** What can be profiled. */
const PROFILED: Readonly<Record<string, CpuCase>> = { ...CPU_CASES, "endpoints-1000": THOUSAND };
const ONLY_NAMED: readonly string[] = [
  "features-each",
  ...Object.keys(NAMED),
  ...Object.keys(CONTROL_PLANE),
];
const NAMES: readonly string[] = [
  "cold-start",
  "features",
  ...[FRESH, USED, WATCHED].flatMap((cases) => Object.keys(cases)),
];
const HELP = `npm run bench -- [CASE…] [--full] [--profile]
  --full     7 rounds of 10 s instead of 3 of 2 s
  --profile  instead of measuring: where one CPU case takes our proxies' time
Cases: ${NAMES.join(", ")}; all where none is named.
Only where named: features-each, which is features and each of them alone.
Of the control plane, only where named: ${Object.keys(CONTROL_PLANE).join(", ")}; they need root, and install and scale what test/e2e/cluster needs.
Attacks, a quarter of an hour for all, or one: ${Object.keys(NAMED)
  .filter((name) => name.startsWith("attacks"))
  .join(", ")}.
A gate that does not hold makes the exit status 1; a target that is missed does not.`;
const NEEDS = {
  nginx: "nginx-light libnginx-mod-stream",
  haproxy: "haproxy",
  wrk: "wrk",
  h2load: "nghttp2-client",
  nghttpd: "nghttp2-server",
  nghttpx: "nghttp2-proxy",
  nft: "nftables",
  ip: "iproute2",
  setpriv: "util-linux",
  chrt: "util-linux",
};
const FULL: Rounds = { rounds: 7, seconds: 10 };
const SHORT: Rounds = { rounds: 3, seconds: 2 };
const PROFILE_LINES = 40;
const PROFILE_SECONDS = 8;

const say: Say = (line) => void process.stdout.write(`${line}\n`);

async function main(words: readonly string[]): Promise<number> {
  const asked = words.filter((word) => !word.startsWith("--"));
  const unknown = asked.find((name) => ![...NAMES, ...ONLY_NAMED].includes(name));
  if (words.includes("--help") || unknown !== undefined) {
    say(unknown === undefined ? HELP : `Cannot measure ${unknown}: no case has that name\n${HELP}`);
    return unknown === undefined ? 0 : 2;
  }
  const controlPlane = asked.filter((name) => name in CONTROL_PLANE);
  const proxies = asked.filter((name) => !(name in CONTROL_PLANE));
  let failed = 0;
  for (const name of controlPlane) if (!(await CONTROL_PLANE[name]?.(say))) failed++;
  if (controlPlane.length === 0 || proxies.length > 0)
    failed += await measureProxies(words, proxies);
  return failed === 0 ? 0 : 1;
}

/** Measures these cases, all where none is named, and returns how many failed. */
async function measureProxies(words: readonly string[], asked: readonly string[]): Promise<number> {
  const missing = Object.entries(NEEDS).filter(([program]) => Bun.which(program) === null);
  if (missing.length > 0) {
    const packages = missing.map(([, name]) => name).join(" ");
    say(`Cannot measure: as root run apt-get install -y ${packages}`);
    return 1;
  }
  if (words.includes("--profile")) return await profile(asked);
  const wanted = (name: string): boolean =>
    asked.includes(name) || (asked.length === 0 && !ONLY_NAMED.includes(name));
  const how = words.includes("--full") ? FULL : SHORT;
  let failed = 0;
  if (wanted("cold-start") && !(await measureColdStart(say))) failed++;
  if (wanted("features") && !(await measureFeatures(how, say))) failed++;
  if (wanted("features-each") && !(await measureEachFeature(how, say))) failed++;
  failed += await measureAll({ ...FRESH, ...USED, ...NAMED }, { wanted, how, watch: "nothing" });
  return failed + (await measureAll(WATCHED, { wanted, how, watch: "heap" }));
}

/** Measures what is wanted of these cases on one bed, and returns how many failed. */
async function measureAll(
  cases: Readonly<Record<string, Measure>>,
  {
    wanted,
    how,
    watch,
  }: { readonly wanted: (name: string) => boolean; readonly how: Rounds; readonly watch: Watch },
): Promise<number> {
  const names = Object.keys(cases).filter(wanted);
  if (names.length === 0) return 0;
  const bed = new Bed();
  let failed = 0;
  try {
    await bed.start(watch);
    for (const name of names) if (!(await (cases[name] as Measure)(bed, how, say))) failed++;
  } finally {
    await bed.stop();
  }
  return failed;
}

/** Prints where our proxies spend their time in one case. */
async function profile([name = ""]: readonly string[]): Promise<number> {
  const one = PROFILED[name];
  if (one === undefined) {
    say(`Cannot profile: name one of ${Object.keys(PROFILED).join(", ")}`);
    return 2;
  }
  const bed = new Bed();
  try {
    await bed.start("profile");
    await bed.load(one.load(one.ours, PROFILE_SECONDS));
    for (const [side, text] of Object.entries(await bed.profiles()))
      say(`${side}\n${text.split("\n").slice(0, PROFILE_LINES).join("\n")}`);
  } finally {
    await bed.stop();
  }
  return 0;
}

// Servers that were measured may have left timers.
process.exit(await main(process.argv.slice(2)));
