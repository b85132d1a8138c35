/** Runs the demo's checks: in tier 1, then what concerns redirection again in tier 2, then what is left behind. */

import type { Overrides } from "../../deploy/values.ts";
import { type Bed, startBed } from "./bed.ts";
import { BASIC } from "./checks/basic.ts";
import { CAPTURE } from "./checks/capture.ts";
import { CERTIFICATES } from "./checks/certificates.ts";
import { KUBECTL } from "./checks/kubectl.ts";
import { findLeftovers, snapshot } from "./checks/leftovers.ts";
import { METRICS } from "./checks/metrics.ts";
import { SOAK } from "./checks/soak.ts";

/** One thing that is shown; it returns the figure that was seen, and throws where it does not hold. */
export type Check = {
  readonly name: string;
  /** Tiers in which it runs; both unless given. */
  readonly tiers?: readonly Bed["tier"][];
  run(bed: Bed): Promise<string>;
};

const CHECKS: readonly Check[] = [
  ...BASIC,
  ...METRICS,
  ...CERTIFICATES,
  ...KUBECTL,
  ...SOAK,
  ...CAPTURE,
];

/** Certificates that last a minute, so that their renewal is seen. */
const SHORT_LIVED: Overrides = {
  identity: { issuer: { issuanceLifetime: "60s", clockSkewAllowance: "5s" } },
};
const FILES = ["demo/app.yml", "test/demo/probes.yml"];

type Report = (line: string) => void;
type Options = { readonly version: string; readonly only: readonly string[] };
type Tally = { passed: number; failed: number };

/** Runs all of it, or what is named; returns how many failed. */
export async function runChecks(options: Options, report: Report): Promise<number> {
  const tally: Tally = { passed: 0, failed: 0 };
  const before = snapshot();
  await inTier("ebpf", { overrides: SHORT_LIVED, options, tally, report });
  await inTier("nft", {
    overrides: { ...SHORT_LIVED, cni: { redirect: "nft" } },
    ...{ options, tally, report },
  });
  const left = await findLeftovers(before);
  judge(tally, report, { name: "nothing is left behind", failure: left });
  report(`${tally.passed} passed, ${tally.failed} failed, 0 skipped`);
  return tally.failed;
}

type TierRun = {
  readonly overrides: Overrides;
  readonly options: Options;
  readonly tally: Tally;
  readonly report: Report;
};

async function inTier(
  tier: Bed["tier"],
  { overrides, options, tally, report }: TierRun,
): Promise<void> {
  const started = performance.now();
  let bed: Bed;
  try {
    bed = await startBed({
      name: "check",
      tier,
      files: FILES,
      overrides,
      version: options.version,
      report,
    });
  } catch (error) {
    judge(tally, report, { name: `${tier}: the mesh comes up`, failure: String(error) });
    return;
  }
  const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  judge(tally, report, { name: `${tier}: the mesh comes up`, figure: took });
  for (const check of CHECKS) {
    if (check.tiers?.includes(tier) === false) continue;
    if (options.only.length > 0 && !options.only.some((word) => check.name.includes(word)))
      continue;
    const name = `${tier}: ${check.name}`;
    await check.run(bed).then(
      (figure) => judge(tally, report, { name, figure }),
      (error: unknown) =>
        judge(tally, report, {
          name,
          failure: error instanceof Error ? error.message : String(error),
        }),
    );
  }
  await bed.running.stopAndRemove(1_000);
}

type Verdict = {
  readonly name: string;
  readonly figure?: string;
  readonly failure?: string | undefined;
};

function judge(tally: Tally, report: Report, { name, figure = "", failure }: Verdict): void {
  if (failure === undefined) tally.passed += 1;
  else tally.failed += 1;
  report(
    failure === undefined
      ? `  √ ${name}${figure === "" ? "" : `: ${figure}`}`
      : `  × ${name}\n      ${failure}`,
  );
}
