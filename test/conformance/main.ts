/** `npm run conformance -- [SUITE…] [--quick]`: bodies of cases that this project did not write, and some that it did. */

import { GoError } from "../../deploy/go.ts";
import { bulk, bulkShort } from "./bulk/suite.ts";
import { connectConformance } from "./grpc/connect.ts";
import { grpcInterop } from "./grpc/interop.ts";
import { grpcNegative } from "./grpc/negative.ts";
import { grpcOwn } from "./grpc/own.ts";
import { hpack, hpackCorpus } from "./hpack/suite.ts";
import { httpDesync } from "./http1/desync.ts";
import { differential } from "./http1/differential.ts";
import { httpParser } from "./http1/http-parser.ts";
import { llhttp } from "./http1/llhttp.ts";
import { ownHttp1 } from "./http1/own.ts";
import { http2Client } from "./http2/client.ts";
import { h2spec } from "./http2/h2spec.ts";
import { charts } from "./manifests/charts.ts";
import { checkov } from "./manifests/checkov.ts";
import { kubeScore } from "./manifests/kube-score.ts";
import { kubeconform } from "./manifests/kubeconform.ts";
import { CountingReport, type Need, type Suite, type Tally } from "./suite.ts";
import { webSocket } from "./websocket/suite.ts";

const SUITES: readonly Suite[] = [
  grpcInterop,
  grpcNegative,
  grpcOwn,
  connectConformance,
  webSocket,
  bulkShort,
  bulk,
  httpDesync,
  llhttp,
  ownHttp1,
  httpParser,
  differential,
  h2spec,
  http2Client,
  hpack,
  hpackCorpus,
  charts,
  kubeconform,
  kubeScore,
  checkov,
];
const HELP = `npm run conformance -- [SUITE…] [--quick]
  --quick   only what is part of npm test
Suites: ${SUITES.map(({ name }) => name).join(", ")}`;
const MISSING: Readonly<Record<Need, string>> = {
  go: "Go 1.26 is not there: install it from https://go.dev/dl",
  python: "Python 3 with its module venv is not there",
  root: "it needs root",
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const hasPython = (): boolean =>
  Bun.which("python3") !== null &&
  Bun.spawnSync(["python3", "-c", "import ensurepip, venv"]).exitCode === 0;
const lacks = (need: Need): boolean => {
  if (need === "python") return !hasPython();
  return need === "go" ? Bun.which("go") === null : process.getuid?.() !== 0;
};

/** Runs one suite and returns how many cases it had; one that breaks counts as a failure. */
async function runSuite(suite: Suite): Promise<Tally> {
  const report = new CountingReport(suite.name, say);
  const lacking = suite.needs.find(lacks);
  const started = performance.now();
  if (lacking !== undefined) report.skipped(suite.name, MISSING[lacking]);
  else
    try {
      await suite.run(report);
    } catch (error) {
      // A registry that is away is lacking as Go itself may be.
      if (error instanceof GoError && error.code === "unreachable")
        report.skipped(suite.name, error.message);
      else report.failed(suite.name, `broke off: ${error instanceof Error ? error.stack : error}`);
    }
  const { passed, failed, skipped } = report.tally;
  const took = ((performance.now() - started) / 1000).toFixed(1);
  say(`${suite.name}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${took} s`);
  return report.tally;
}

async function main(words: readonly string[]): Promise<number> {
  const names = words.filter((word) => !word.startsWith("--"));
  const unknown = names.find((name) => !SUITES.some((suite) => suite.name === name));
  if (words.includes("--help") || unknown !== undefined) {
    say(unknown === undefined ? HELP : `Cannot run ${unknown}: no suite has that name\n${HELP}`);
    return unknown === undefined ? 0 : 2;
  }
  const quick = words.includes("--quick");
  const total: Tally = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of SUITES) {
    if (names.length > 0 ? !names.includes(suite.name) : quick && !suite.quick) continue;
    const tally = await runSuite(suite);
    total.passed += tally.passed;
    total.failed += tally.failed;
    total.skipped += tally.skipped;
  }
  say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
// What a suite left behind, such as a pooled connection, does not keep the process.
process.exit();
