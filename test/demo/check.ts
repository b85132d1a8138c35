/** Runs the demo's checks: in tier 1, then what concerns redirection again in tier 2, then what is left behind. */

import type { Overrides } from "../../deploy/values.ts";
import { type Bed, startBed } from "./bed.ts";
import { BASIC } from "./checks/basic.ts";
import { CAPTURE } from "./checks/capture.ts";
import { CERTIFICATES } from "./checks/certificates.ts";
import { KUBECTL } from "./checks/kubectl.ts";
import { findLeftovers, snapshot } from "./checks/leftovers.ts";
import { MACHINE } from "./checks/machine.ts";
import { METRICS } from "./checks/metrics.ts";
import { POLICY } from "./checks/policy.ts";
import { SOAK } from "./checks/soak.ts";

/** One thing that is shown; it returns the figure that was seen, and throws where it does not hold. */
export type Check = {
  readonly name: string;
  /** Tiers in which it runs; both unless given. */
  readonly tiers?: readonly Bed["tier"][];
  run(bed: Bed): Promise<string>;
};

/** While the node agent is held for CAPTURE no pod can start: these need none. */
const BESIDE_CAPTURE: readonly Check[] = [...BASIC, ...METRICS, ...CERTIFICATES];
const AFTER_CAPTURE: readonly Check[] = [...KUBECTL, ...SOAK, ...POLICY];

/** Certificates that last a minute, so that their renewal is seen. */
const SHORT_LIVED: Overrides = {
  identity: { issuer: { issuanceLifetime: "60s", clockSkewAllowance: "5s" } },
};
const FILES = ["demo/app.yml", "test/demo/probes.yml"];

type Report = (line: string) => void;
type Tally = { passed: number; failed: number };

/** Options of one tier's checks. */
export type TierOptions = {
  readonly tier: Bed["tier"];
  readonly version: string;
  /** Words that a check's name must have one of; all checks where there is none. */
  readonly only: readonly string[];
};

/**
 * Runs the checks in one tier after the other, as two at once are more than two slow cores can do in time, each in a
 * process of its own (a process can be the kubelet of one instance only), and then looks for what is left behind.
 * Returns how many failed.
 */
export async function runChecks(only: readonly string[], report: Report): Promise<number> {
  const before = snapshot();
  const tally: Tally = { passed: 0, failed: 0 };
  for (const tier of ["ebpf", "nft"] as const) await runChild(tier, { only, tally, report });
  if (only.length === 0) await machineChecks(tally, report);
  judge(tally, report, { name: "nothing is left behind", failure: await findLeftovers(before) });
  report(`${tally.passed} passed, ${tally.failed} failed, 0 skipped`);
  return tally.failed;
}

type ChildRun = {
  readonly only: readonly string[];
  readonly tally: Tally;
  readonly report: Report;
};

async function runChild(tier: Bed["tier"], { only, tally, report }: ChildRun): Promise<void> {
  const program = new URL("main.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, program, "--check", `--tier=${tier}`, ...only], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of child.stdout) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith(PASSED)) tally.passed += 1;
      if (line.startsWith(FAILED)) tally.failed += 1;
      report(line);
    }
  }
  if ((await child.exited) !== 0)
    judge(tally, report, { name: `${tier}: the checks end`, failure: "their process broke" });
}

/** Runs all checks of one tier. */
export async function runTier({ tier, version, only }: TierOptions, report: Report): Promise<void> {
  const tally: Tally = { passed: 0, failed: 0 };
  const overrides: Overrides =
    tier === "nft" ? { ...SHORT_LIVED, cni: { redirect: "nft" } } : SHORT_LIVED;
  const started = performance.now();
  let bed: Bed;
  try {
    bed = await startBed({
      ...{ name: `check-${tier}`, tier, files: FILES, overrides, version },
      report: (line) => report(`  ${tier}: ${line}`),
    });
  } catch (error) {
    judge(tally, report, { name: `${tier}: the mesh comes up`, failure: String(error) });
    return;
  }
  const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  judge(tally, report, { name: `${tier}: the mesh comes up`, figure: took });
  const runAll = async (checks: readonly Check[]): Promise<void> => {
    for (const check of checks) await runOne(check, { bed, only, tally, report });
  };
  await Promise.all([runAll(CAPTURE), runAll(BESIDE_CAPTURE)]);
  await runAll(AFTER_CAPTURE);
  if (tally.failed > 0) for (const line of bed.log.slice(-30)) report(`      ${line}`);
  await bed.running.stopAndRemove(1_000);
}

type One = {
  readonly bed: Bed;
  readonly only: readonly string[];
  readonly tally: Tally;
  readonly report: Report;
};

async function runOne(check: Check, { bed, only, tally, report }: One): Promise<void> {
  if (check.tiers?.includes(bed.tier) === false) return;
  if (only.length > 0 && !only.some((word) => check.name.includes(word))) return;
  const name = `${bed.tier}: ${check.name}`;
  await check.run(bed).then(
    (figure) => judge(tally, report, { name, figure }),
    (error: unknown) =>
      judge(tally, report, {
        name,
        failure: error instanceof Error ? error.message : String(error),
      }),
  );
}

async function machineChecks(tally: Tally, report: Report): Promise<void> {
  const all = MACHINE.map(({ name, run }) =>
    run().then(
      (figure) => judge(tally, report, { name, figure }),
      (error: unknown) =>
        judge(tally, report, {
          name,
          failure: error instanceof Error ? error.message : String(error),
        }),
    ),
  );
  await Promise.all(all);
}

type Verdict = {
  readonly name: string;
  readonly figure?: string;
  readonly failure?: string | undefined;
};

const PASSED = "  √ ";
const FAILED = "  × ";

function judge(tally: Tally, report: Report, { name, figure = "", failure }: Verdict): void {
  if (failure === undefined) {
    tally.passed += 1;
    report(`${PASSED}${name}${figure === "" ? "" : `: ${figure}`}`);
  } else {
    tally.failed += 1;
    report(`${FAILED}${name}\n      ${failure}`);
  }
}
