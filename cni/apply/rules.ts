/** Tier 2: nft or iptables rules, written by a child that this thread starts while it is in the pod's namespace. */

import { existsSync } from "node:fs";
import { inNetns } from "#lib/sys/netns.ts";
import type { PodSurroundings } from "../redirect/ebpf.ts";
import { iptablesRemoval, JUMPS } from "../redirect/iptables.ts";
import { TABLE } from "../redirect/nft.ts";
import type { RedirectPlan } from "../redirect/plan.ts";
import type { PodPlace, Redirection } from "./redirection.ts";
import {
  iptablesSteps,
  jumpsOf,
  nftStep,
  nftSteps,
  type Outcome,
  PROGRAMS,
  restoreStep,
  runStep,
  type Step,
} from "./steps.ts";

/** nftables: one table for both families, replaced as a whole. */
export class NftRules implements Redirection {
  readonly kind = "nft";

  add({ netns }: PodPlace, plan: RedirectPlan, _: PodSurroundings): PodPlace {
    for (const step of nftSteps(plan)) must(netns, step);
    return { netns };
  }

  remove({ netns }: PodPlace): void {
    if (!existsSync(netns)) return;
    // Adding first makes it right where there is none.
    must(netns, nftStep(`add table inet ${TABLE}\ndelete table inet ${TABLE}\n`));
  }

  check({ netns }: PodPlace, plan: RedirectPlan): string | undefined {
    const list = { command: ["nft", "list", "table", "inet", TABLE], input: "" };
    const { output } = runIn(netns)(list);
    const lost = [plan.inboundPort, plan.outboundPort].find(
      (port) => !output.includes(`redirect to :${port}`),
    );
    return lost === undefined ? undefined : `${netns} has no rule that redirects to ${lost}`;
  }
}

/** iptables and ip6tables: chains of our own in the nat tables. */
export class IptablesRules implements Redirection {
  readonly kind = "iptables";

  add({ netns }: PodPlace, plan: RedirectPlan, _: PodSurroundings): PodPlace {
    for (const step of iptablesSteps(plan, { run: runIn(netns) })) must(netns, step);
    return { netns };
  }

  remove({ netns }: PodPlace): void {
    if (!existsSync(netns)) return;
    for (const [, program] of PROGRAMS)
      must(netns, restoreStep(program, iptablesRemoval(jumpsOf(program, runIn(netns)))));
  }

  check({ netns }: PodPlace, _: RedirectPlan): string | undefined {
    const run = runIn(netns);
    const lost = PROGRAMS.find(([, program]) => jumpsOf(program, run).length < JUMPS.length);
    return lost === undefined ? undefined : `${netns} has no jump to our chains in ${lost[1]}`;
  }
}

const runIn =
  (netns: string) =>
  (step: Step): Outcome =>
    inNetns(netns, () => runStep(step));

function must(netns: string, step: Step): void {
  const { ok, error } = runIn(netns)(step);
  if (!ok) throw new Error(`Cannot write rules with ${step.command[0]}: ${error}`);
}
