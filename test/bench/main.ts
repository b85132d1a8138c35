/** `npm run bench -- [CASE…] [--full]`: what our proxies cost beside their peers, measured in one run, as ratios. */

import { Bed } from "./bed.ts";
import { measureColdStart } from "./cold-start.ts";
import { CPU_CASES, measureCpu, type Rounds } from "./cpu.ts";

const HELP = `npm run bench -- [CASE…] [--full]
  --full    7 rounds of 10 s instead of 3 of 2 s
Cases: ${[...Object.keys(CPU_CASES), "cold-start"].join(", ")}; all where none is named.
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
};
const FULL: Rounds = { rounds: 7, seconds: 10 };
const SHORT: Rounds = { rounds: 3, seconds: 2 };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(words: readonly string[]): Promise<number> {
  const asked = words.filter((word) => !word.startsWith("--"));
  const unknown = asked.find((name) => !(name in CPU_CASES) && name !== "cold-start");
  if (words.includes("--help") || unknown !== undefined) {
    say(unknown === undefined ? HELP : `Cannot measure ${unknown}: no case has that name\n${HELP}`);
    return unknown === undefined ? 0 : 2;
  }
  const wanted = (name: string): boolean => asked.length === 0 || asked.includes(name);
  let failed = 0;
  if (wanted("cold-start") && !(await measureColdStart(say))) failed++;
  const names = Object.keys(CPU_CASES).filter(wanted);
  if (names.length > 0) failed += await ratios(names, words.includes("--full") ? FULL : SHORT);
  return failed === 0 ? 0 : 1;
}

/** Measures the cases and returns how many gates did not hold. */
async function ratios(names: readonly string[], how: Rounds): Promise<number> {
  const missing = Object.entries(NEEDS).filter(([program]) => Bun.which(program) === null);
  if (missing.length > 0) {
    const packages = missing.map(([, name]) => name).join(" ");
    say(`Cannot measure: as root run apt-get install -y ${packages}`);
    return 1;
  }
  const bed = new Bed();
  let failed = 0;
  try {
    await bed.start({ profile: false });
    for (const name of names) {
      const { ratio, least, most, passed } = await measureCpu(bed, { name, ...how }, say);
      const { peer, gate, target } = CPU_CASES[name] as (typeof CPU_CASES)[string];
      if (!passed) failed++;
      say(
        `${name}: ${ratio.toFixed(2)}× ${peer} (${least.toFixed(2)}–${most.toFixed(2)}; gate ${gate}, target ${target}), ${passed ? "passed" : "FAILED"}`,
      );
    }
  } finally {
    await bed.stop();
  }
  return failed;
}

process.exitCode = await main(process.argv.slice(2));
