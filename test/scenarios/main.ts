/** `npm run scenarios`: policy on a mesh in dev mode, applied by kubectl and asked by curl and gRPC clients. */

import manifest from "../../package.json" with { type: "json" };
import { type Bed, must, ROOT, startBed, until } from "../demo/bed.ts";
import { newKubectl } from "../demo/kubectls.ts";
import { INBOUND } from "./cases/inbound.ts";
import { STATUSES } from "./cases/statuses.ts";
import { VALIDATION } from "./cases/validation.ts";
import type { Scenario } from "./scenario.ts";
import { workloads } from "./workloads.ts";
import { World } from "./world.ts";

const HELP = `npm run scenarios [-- --tier=ebpf|nft] [WORD…]

Brings up a mesh on this machine, applies policy by kubectl, asks by curl and
gRPC clients, and asserts answers, backends, headers and metrics. With WORDs
only scenarios whose name has one of them. Needs root.
`;

const SCENARIOS: readonly Scenario[] = [...INBOUND, ...STATUSES, ...VALIDATION];
const FILE = "dist/scenarios.yml";
/** From nothing to a mesh whose pods are ready. */
const READY_MS = 90_000;

const words = process.argv.slice(2);
const report = (line: string): void => void process.stdout.write(`${line}\n`);

async function start(tier: Bed["tier"]): Promise<Bed> {
  const documents = workloads(ROOT).map((object) => `---\n${JSON.stringify(object)}\n`);
  await Bun.write(`${ROOT}/${FILE}`, documents.join(""));
  const bed = await startBed({
    ...{ name: `scenarios-${tier}`, tier, files: [FILE], version: manifest.version },
    overrides: tier === "nft" ? { cni: { redirect: "nft" } } : {},
    report: (line) => report(`  ${line}`),
  });
  return bed;
}

type Totals = { passed: number; failed: number };

async function runOne(world: World, { name, run }: Scenario, totals: Totals): Promise<void> {
  const started = performance.now();
  const failure = await run(world).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  await world.clear();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (failure === undefined) totals.passed += 1;
  else totals.failed += 1;
  report(
    failure === undefined
      ? `passed scenarios: ${name} (${seconds} s)`
      : `FAILED scenarios: ${name}: ${failure}`,
  );
}

async function runAll(tier: Bed["tier"], only: readonly string[]): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0 };
  const bed = await start(tier);
  try {
    const kubectl = await newKubectl(bed);
    const world = new World(bed, kubectl);
    await until("the Deployments are ready", READY_MS, async () => {
      const text = await must(bed, [kubectl, "-n", "scenario", "get", "deployments"]);
      return !/\b0\/1\b/.test(text);
    });
    for (const scenario of SCENARIOS)
      if (only.length === 0 || only.some((word) => scenario.name.includes(word)))
        await runOne(world, scenario, totals);
    if (totals.failed > 0) for (const line of bed.log.slice(-30)) report(`      ${line}`);
  } finally {
    await bed.running.stopAndRemove(1_000);
  }
  return totals;
}

if (words.includes("--help")) process.stdout.write(HELP);
else if (process.getuid?.() !== 0) {
  process.stderr.write(
    "Cannot run scenarios: network namespaces, mounts and eBPF need root; run: sudo npm run scenarios\n",
  );
  process.exitCode = 1;
} else {
  const tier = words.includes("--tier=nft") ? "nft" : "ebpf";
  const { passed, failed } = await runAll(
    tier,
    words.filter((word) => !word.startsWith("--")),
  );
  report(`${passed} passed, ${failed} failed, 0 skipped`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
