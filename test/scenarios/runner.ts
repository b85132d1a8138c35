/** Runs scenarios one after the other on a mesh, and holds the counters of each to what came. */

import type { IpFamily } from "#lib/addr/ip.ts";
import { type IpFamilyChoice, networksOf } from "../../dev/network/ip-families.ts";
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

/** A mesh to run on: how pods are redirected, and which addresses they have. */
export type MeshChoice = { readonly tier: Bed["tier"]; readonly family: IpFamilyChoice };
type Place = MeshChoice & { readonly name: string };

const placeOf = ({ tier, family }: MeshChoice): Place => ({
  ...{ tier, family },
  name: `scenarios-${tier}${family === "ipv4" ? "" : `-${family}`}`,
});

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
  { name, tier, family }: Place,
  report: Report,
  certificate: ServingCertificate,
): Promise<Bed> {
  const documents = workloads(ROOT, certificate).map(
    (object) => `---\n${JSON.stringify(object)}\n`,
  );
  const file = `dist/${name}.yml`;
  await Bun.write(`${ROOT}/${file}`, documents.join(""));
  return await startBed({
    ...{ name, tier, ipFamily: family, files: [file], version: manifest.version },
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

type Under = { readonly world: World; readonly place: Place; readonly report: Report };

/** Runs one, takes away what it applied, and returns what was counted until then. */
async function runOne(
  { name, run: act, apart = false, uncounted = false }: Scenario,
  before: Figures,
  { world, place, report, totals }: Under & { readonly totals: Totals },
): Promise<Figures> {
  const started = performance.now();
  world.names.count = 0;
  const failure = await act(world).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const counting = uncounted ? undefined : miscounted(world, before, apart);
  const [counted] = await Promise.all([counting, world.clear()]);
  const [after, wrong] = counted ?? [await figuresOf(world), []];
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { family, count } = world.names;
  const isDual = place.family === "dual";
  const silent = isDual && count === 0 ? [`nobody asked by ${family}`] : [];
  const why = [...(failure === undefined ? [] : [failure]), ...wrong, ...silent].join("; ");
  if (why === "") totals.passed += 1;
  else totals.failed += 1;
  const suite = `${place.name}: ${name}${isDual ? `, by ${family}` : ""}`;
  report(why === "" ? `passed ${suite} (${seconds} s)` : `FAILED ${suite}: ${why} (${seconds} s)`);
  return after;
}

type Mesh = Pick<Under, "place" | "report"> & { readonly certificate: ServingCertificate };

/** Runs scenarios on a mesh that is up. */
async function runOn(
  bed: Bed,
  scenarios: readonly Scenario[],
  { certificate, totals, ...how }: Mesh & { readonly totals: Totals },
): Promise<void> {
  const families: readonly IpFamily[] = networksOf(how.place.family).map(({ family }) => family);
  const outside = await startOutside(bed, certificate, families);
  try {
    const world = new World(bed, await newKubectl(bed), networksOf(how.place.family)[0].family);
    await world.begin();
    let figures = await figuresOf(world);
    // What has addresses of both families is asked by one and then by the other.
    for (const scenario of scenarios)
      for (const family of families) {
        world.names.family = family;
        figures = await runOne(scenario, figures, { world, totals, ...how });
      }
  } finally {
    outside.stop();
  }
}

/** Brings up a mesh, runs scenarios on it and takes it down. */
export async function runAll(
  scenarios: readonly Scenario[],
  choice: MeshChoice,
  report: Report,
): Promise<Totals> {
  const place = placeOf(choice);
  const totals: Totals = { passed: 0, failed: 0 };
  const certificate = await servingCertificate();
  const bed = await start(place, report, certificate);
  try {
    await runOn(bed, scenarios, { place, report, certificate, totals }).catch((error: unknown) => {
      totals.failed += 1;
      report(`FAILED ${place.name}: the mesh: ${error instanceof Error ? error.stack : error}`);
    });
    if (totals.failed > 0) for (const line of bed.log.slice(-30)) report(`      ${line}`);
  } finally {
    await bed.running.stopAndRemove(1_000);
  }
  return totals;
}
