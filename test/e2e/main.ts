/** `npm run e2e -- [SUITE…] [--context NAME] [--keep]`: the mesh on a real Kubernetes. */

import { parseArgs } from "node:util";
import manifest from "../../package.json" with { type: "json" };
import { contextPlace, ownPlace, type Place } from "./place.ts";
import { runSuite, type Suite, type Tally } from "./suite.ts";
import { INSTALL } from "./suites/install.ts";
import { LOST_NODE } from "./suites/lost-node.ts";
import { OUTAGES } from "./suites/outages.ts";
import { PROMETHEUS } from "./suites/prometheus.ts";
import { REMOVAL } from "./suites/removal.ts";
import { ROTATION } from "./suites/rotation.ts";
import { UPGRADE } from "./suites/upgrade.ts";
import { WORKLOADS } from "./suites/workloads.ts";
import { keepManifests } from "./versions/kept.ts";

/** In the order in which they run; each begins with what it needs of those before it. */
const SUITES: readonly Suite[] = [
  INSTALL,
  WORKLOADS,
  PROMETHEUS,
  OUTAGES,
  ROTATION,
  REMOVAL,
  UPGRADE,
  LOST_NODE,
];
const NODES = 2;
const HELP = `npm run e2e -- [SUITE…] [--context NAME] [--keep]
  --context NAME  a cluster of your kubeconfig instead of one on this machine
  --keep          leave the cluster running: test/e2e/cluster/cluster kubectl …
  --record        only keep the manifests of this version for upgrades to come, as a release does
Suites: ${SUITES.map(({ name }) => name).join(", ")}`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      context: { type: "string" },
      keep: { type: "boolean" },
      record: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const unknown = positionals.find((name) => !SUITES.some((suite) => suite.name === name));
  if (values.help === true || unknown !== undefined) {
    say(unknown === undefined ? HELP : `Cannot run ${unknown}: no suite has that name\n${HELP}`);
    return unknown === undefined ? 0 : 2;
  }
  if (values.record === true) {
    await keepManifests(manifest.version);
    return 0;
  }
  const { context } = values;
  const missing = context === undefined ? whatIsMissing() : undefined;
  if (missing !== undefined) {
    say(`Skipped e2e: ${missing}`);
    say("0 passed, 0 failed, 1 skipped");
    return 0;
  }
  const place =
    context === undefined ? await ownPlace(NODES, say) : await contextPlace(context, say);
  const wanted = SUITES.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  return await runAll(wanted, place, values.keep === true);
}

async function runAll(suites: readonly Suite[], place: Place, keep: boolean): Promise<number> {
  const tallies: Tally[] = [];
  try {
    for (const suite of suites) tallies.push(await runSuite(suite, place, say));
  } finally {
    if (!keep) await leave(place);
  }
  const sum = (name: keyof Tally): number =>
    tallies.reduce((total, tally) => total + tally[name], 0);
  say(`${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
  return sum("failed") === 0 ? 0 : 1;
}

/** Why no cluster can be started here; undefined where one can. */
function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "it needs root";
  if (Bun.which("go") === null) return "Go 1.26 is not there: install it from https://go.dev/dl";
  return undefined;
}

async function leave(place: Place): Promise<void> {
  await place.stop().catch((error: Error) => say(`Cannot stop the cluster: ${error.message}`));
}

process.exitCode = await main(process.argv.slice(2));
