/** What writes a plan's rules: programs with what they read, for whoever runs them and wherever. */

import { spawnSync } from "bun";
import { type Family, iptablesScript, JUMPS } from "../redirect/iptables.ts";
import { nftScript } from "../redirect/nft.ts";
import type { RedirectPlan } from "../redirect/plan.ts";

/** A rule writer that does not end is killed after this long. */
const DEADLINE_MS = 5000;

/** A program with what it reads. */
export type Step = { readonly command: readonly string[]; readonly input: string };

/** Whether it did what it was to do, what it printed, and the first line of what it said. */
export type Outcome = { readonly ok: boolean; readonly output: string; readonly error: string };

/** The programs of iptables, one a family. */
export const PROGRAMS: readonly (readonly [Family, string])[] = [
  ["ipv4", "iptables"],
  ["ipv6", "ip6tables"],
];

/** Gives a script to nft. */
export const nftStep = (input: string): Step => ({ command: ["nft", "-f", "-"], input });

/** Gives rules to the -restore of a program of iptables. */
export const restoreStep = (program: string, input: string): Step => ({
  command: [`${program}-restore`, "-w", "--noflush"],
  input,
});

/** nftables: one table for both families, replaced as a whole. */
export function nftSteps(plan: RedirectPlan, how: { readonly ipv6?: boolean } = {}): Step[] {
  return [nftStep(nftScript(plan, how))];
}

/** iptables: chains of our own, and the jumps to them that are not there; all jumps where nobody can tell. */
export function iptablesSteps(
  plan: RedirectPlan,
  {
    ipv6 = true,
    run,
  }: { readonly ipv6?: boolean; readonly run: ((step: Step) => Outcome) | undefined },
): Step[] {
  return PROGRAMS.filter(([family]) => ipv6 || family === "ipv4").map(([family, program]) => {
    const there = run === undefined ? [] : jumpsOf(program, run);
    const jumps = JUMPS.filter((jump) => !there.includes(jump));
    return restoreStep(program, iptablesScript(plan, { family, jumps }));
  });
}

/** Those of our jumps that are there. */
export function jumpsOf(program: string, run: (step: Step) => Outcome): (readonly string[])[] {
  return JUMPS.filter(
    (jump) => run({ command: [program, "-w", "-t", "nat", "-C", ...jump], input: "" }).ok,
  );
}

/** Runs a program, with a bound. */
export function runStep({ command, input }: Step): Outcome {
  try {
    const child = spawnSync([...command], { stdin: Buffer.from(input), timeout: DEADLINE_MS });
    const [error = ""] = child.stderr.toString().trim().split("\n", 1);
    const ok = child.exitCode === 0;
    return { ok, output: child.stdout.toString(), error: error || (ok ? "" : "it was killed") };
  } catch (error) {
    return { ok: false, output: "", error: String(error) };
  }
}
