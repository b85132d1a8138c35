/** Runs scenarios one after the other on a mesh, and holds the counters of each to what came. */

import manifest from "../../package.json" with { type: "json" };
import { type Bed, ROOT, startBed } from "../demo/bed.ts";
import { newKubectl } from "../demo/kubectls.ts";
import { differences, type Figures, figuresOf } from "./counters.ts";
import { startOutside } from "./outside.ts";
import type { Scenario } from "./scenario.ts";
import { type ServingCertificate, workloads } from "./workloads.ts";
import { World } from "./world.ts";

/** How many passed and failed. */
export type Totals = { passed: number; failed: number };
type Report = (line: string) => void;

const FILE = "dist/scenarios.yml";
/** How long counters may take to have all. */
const COUNTED_MS = 3_000;
const EVERY_MS = 50;

async function servingCertificate(): Promise<ServingCertificate> {
  const made = Bun.spawn(
    [
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-nodes", "-subj", "/CN=scenario", "-keyout", "-", "-out", "-"],
    ],
    { stderr: "ignore" },
  );
  const text = await new Response(made.stdout).text();
  const at = text.indexOf("-----BEGIN CERTIFICATE");
  if (at < 0) throw new Error("openssl made no certificate");
  return { key: text.slice(0, at), certificate: text.slice(at) };
}

async function start(
  tier: Bed["tier"],
  report: Report,
  certificate: ServingCertificate,
): Promise<Bed> {
  const documents = workloads(ROOT, certificate).map(
    (object) => `---\n${JSON.stringify(object)}\n`,
  );
  const file = FILE.replace(".yml", `-${tier}.yml`);
  await Bun.write(`${ROOT}/${file}`, documents.join(""));
  return await startBed({
    ...{ name: `scenarios-${tier}`, tier, files: [file], version: manifest.version },
    overrides: tier === "nft" ? { cni: { redirect: "nft" } } : {},
    report: (line) => report(`  ${line}`),
  });
}

/** Looks at the counters until they fit; what does not is returned. */
async function miscounted(
  world: World,
  before: Figures,
  apart: boolean,
): Promise<readonly [Figures, readonly string[]]> {
  const end = performance.now() + COUNTED_MS;
  for (;;) {
    const after = await figuresOf(world);
    const found = differences(before, after, apart);
    if (found.length === 0 || performance.now() > end) return [after, found];
    await Bun.sleep(EVERY_MS);
  }
}

type Under = { readonly world: World; readonly tier: Bed["tier"]; readonly report: Report };

/** Runs one, takes away what it applied, and returns what was counted until then. */
async function runOne(
  { name, run: act, apart = false, uncounted = false }: Scenario,
  before: Figures,
  { world, tier, report, totals }: Under & { readonly totals: Totals },
): Promise<Figures> {
  const started = performance.now();
  const failure = await act(world).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const counting = uncounted ? undefined : miscounted(world, before, apart);
  const [counted] = await Promise.all([counting, world.clear()]);
  const [after, wrong] = counted ?? [await figuresOf(world), []];
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const why = [...(failure === undefined ? [] : [failure]), ...wrong].join("; ");
  if (why === "") totals.passed += 1;
  else totals.failed += 1;
  const suite = `scenarios-${tier}: ${name}`;
  report(why === "" ? `passed ${suite} (${seconds} s)` : `FAILED ${suite}: ${why} (${seconds} s)`);
  return after;
}

type Mesh = Pick<Under, "tier" | "report"> & { readonly certificate: ServingCertificate };

/** Runs scenarios on a mesh that is up. */
async function runOn(
  bed: Bed,
  scenarios: readonly Scenario[],
  { certificate, totals, ...how }: Mesh & { readonly totals: Totals },
): Promise<void> {
  const outside = await startOutside(bed, certificate);
  try {
    const world = new World(bed, await newKubectl(bed));
    await world.begin();
    let figures = await figuresOf(world);
    for (const scenario of scenarios)
      figures = await runOne(scenario, figures, { world, totals, ...how });
  } finally {
    outside.stop();
  }
}

/** Brings up a mesh, runs scenarios on it and takes it down. */
export async function runAll(
  scenarios: readonly Scenario[],
  tier: Bed["tier"],
  report: Report,
): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0 };
  const certificate = await servingCertificate();
  const bed = await start(tier, report, certificate);
  try {
    await runOn(bed, scenarios, { tier, report, certificate, totals }).catch((error: unknown) => {
      totals.failed += 1;
      report(`FAILED scenarios-${tier}: the mesh: ${error instanceof Error ? error.stack : error}`);
    });
    if (totals.failed > 0) for (const line of bed.log.slice(-30)) report(`      ${line}`);
  } finally {
    await bed.running.stopAndRemove(1_000);
  }
  return totals;
}
