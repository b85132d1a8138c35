/** `npm run faults`: the rows of faults, and what must hold under load, that take too long for `npm test`. */

import manifest from "../../../package.json" with { type: "json" };
import { type Bed, must, ROOT, startBed, until } from "../../demo/bed.ts";
import { newKubectl } from "../../demo/kubectls.ts";
import type { LongCase, Place } from "./case.ts";
import { ADDRESSES } from "./cases/addresses.ts";
import { BREAKERS } from "./cases/breaker.ts";
import { OVERLOADS } from "./cases/overload.ts";
import { RETRIES } from "./cases/retries.ts";
import { ROLLOUTS } from "./cases/rollouts.ts";
import { NAMESPACE, workloads } from "./workloads.ts";

const HELP = `npm run faults [-- --tier=ebpf|nft] [WORD…]

Runs what takes too long for npm test on a mesh on this machine: rolling
restarts, endpoints that come and go, a control plane that is away, overload.
With WORDs only cases whose name has one of them. Needs root; about 15 minutes.
`;

const CASES: readonly LongCase[] = [
  ...ADDRESSES,
  ...RETRIES,
  ...BREAKERS,
  ...ROLLOUTS,
  ...OVERLOADS,
];
const FILE = "dist/faults.yml";
const READY_MS = 90_000;

const words = process.argv.slice(2);
/** What a run prints is kept for `npm run rows`. */
const PRINTED = "dist/faults.txt";
const printed: string[] = [];
const report = (line: string): void => {
  printed.push(`${line}\n`);
  process.stdout.write(`${line}\n`);
};

async function start(tier: Bed["tier"]): Promise<Bed> {
  const documents = workloads(ROOT).map((object) => `---\n${JSON.stringify(object)}\n`);
  await Bun.write(`${ROOT}/${FILE}`, documents.join(""));
  return await startBed({
    ...{ name: `faults-${tier}`, tier, files: [FILE], version: manifest.version },
    overrides: {
      identity: { issuer: { issuanceLifetime: "60s" } },
      ...(tier === "nft" && { cni: { redirect: "nft" } }),
    },
    report: (line) => report(`  ${line}`),
  });
}

/** Runs one case; whether it held. */
async function holds({ name, run }: LongCase, place: Place): Promise<boolean> {
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1);
  try {
    const found = await run(place);
    report(`passed faults: ${name} (${seconds()} s): ${found}`);
    return true;
  } catch (error) {
    report(`FAILED faults: ${name} (${seconds()} s): ${String(error)}`);
    return false;
  }
}

async function runAll(tier: Bed["tier"], only: readonly string[]): Promise<boolean> {
  const totals = { passed: 0, failed: 0 };
  const bed = await start(tier);
  try {
    const place = { bed, kubectl: await newKubectl(bed) };
    await until("the Deployments are ready", READY_MS, async () => {
      const text = await must(bed, [place.kubectl, "-n", NAMESPACE, "get", "deployments"]);
      return !/\b0\/\d\b|\b1\/2\b/.test(text);
    });
    for (const each of CASES)
      if (only.length === 0 || only.some((word) => each.name.includes(word)))
        totals[(await holds(each, place)) ? "passed" : "failed"] += 1;
    if (totals.failed > 0) for (const line of bed.log.slice(-30)) report(`      ${line}`);
  } finally {
    await bed.running.stopAndRemove(1_000);
  }
  report(`${totals.passed} passed, ${totals.failed} failed, 0 skipped`);
  return totals.failed === 0 && totals.passed > 0;
}

if (words.includes("--help")) process.stdout.write(HELP);
else if (process.getuid?.() !== 0) {
  process.stderr.write(
    "Cannot run faults: network namespaces, mounts and eBPF need root; run: sudo npm run faults\n",
  );
  process.exitCode = 1;
} else {
  const tier = words.includes("--tier=nft") ? "nft" : "ebpf";
  const only = words.filter((word) => !word.startsWith("--"));
  const held = await runAll(tier, only);
  await Bun.write(`${ROOT}/${PRINTED}`, printed.join(""));
  process.exit(held ? 0 : 1);
}
