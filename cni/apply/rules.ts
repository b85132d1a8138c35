/** Tier 2: nft or iptables rules, written by a child that this thread starts while it is in the pod's namespace. */

import { existsSync } from "node:fs";
import { spawnSync } from "bun";
import { inNetns } from "#lib/sys/netns.ts";
import type { PodSurroundings } from "../redirect/ebpf.ts";
import { type Family, iptablesRemoval, iptablesScript, JUMPS } from "../redirect/iptables.ts";
import { nftScript, TABLE } from "../redirect/nft.ts";
import type { RedirectPlan } from "../redirect/plan.ts";
import type { PodPlace, Redirection } from "./redirection.ts";

/** A rule writer that does not end is killed after this long. */
const DEADLINE_MS = 5000;

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
  readonly error: string;
}

/** nftables: one table for both families, replaced as a whole. */
export class NftRules implements Redirection {
  readonly kind = "nft";

  add(netns: string, plan: RedirectPlan, _: PodSurroundings): PodPlace {
    must("nft", run(netns, { command: ["nft", "-f", "-"], input: nftScript(plan) }));
    return { netns };
  }

  remove({ netns }: PodPlace): void {
    if (!existsSync(netns)) return;
    // Adding first makes it right where there is none.
    const input = `add table inet ${TABLE}\ndelete table inet ${TABLE}\n`;
    must("nft", run(netns, { command: ["nft", "-f", "-"], input }));
  }

  check({ netns }: PodPlace, plan: RedirectPlan): string | undefined {
    const { output } = run(netns, { command: ["nft", "list", "table", "inet", TABLE] });
    const lost = [plan.inboundPort, plan.outboundPort].find(
      (port) => !output.includes(`redirect to :${port}`),
    );
    return lost === undefined ? undefined : `${netns} has no rule that redirects to ${lost}`;
  }
}

const PROGRAMS: readonly (readonly [Family, string])[] = [
  ["ipv4", "iptables"],
  ["ipv6", "ip6tables"],
];

/** iptables and ip6tables: chains of our own in the nat tables. */
export class IptablesRules implements Redirection {
  readonly kind = "iptables";

  add(netns: string, plan: RedirectPlan, _: PodSurroundings): PodPlace {
    for (const [family, program] of PROGRAMS) {
      const there = jumpsOf(netns, program);
      const jumps = JUMPS.filter((jump) => !there.includes(jump));
      restore(netns, { program, input: iptablesScript(plan, { family, jumps }) });
    }
    return { netns };
  }

  remove({ netns }: PodPlace): void {
    if (!existsSync(netns)) return;
    for (const [, program] of PROGRAMS)
      restore(netns, { program, input: iptablesRemoval(jumpsOf(netns, program)) });
  }

  check({ netns }: PodPlace, _: RedirectPlan): string | undefined {
    const lost = PROGRAMS.find(([, program]) => jumpsOf(netns, program).length < JUMPS.length);
    return lost === undefined ? undefined : `${netns} has no jump to our chains in ${lost[1]}`;
  }
}

/** Those of our jumps that a namespace has. */
function jumpsOf(netns: string, program: string): (readonly string[])[] {
  return JUMPS.filter(
    (jump) => run(netns, { command: [program, "-w", "-t", "nat", "-C", ...jump] }).ok,
  );
}

function restore(netns: string, how: { readonly program: string; readonly input: string }): void {
  const command = [`${how.program}-restore`, "-w", "--noflush"];
  must(`${how.program}-restore`, run(netns, { command, input: how.input }));
}

function run(
  netns: string,
  { command, input = "" }: { readonly command: readonly string[]; readonly input?: string },
): Outcome {
  const child = inNetns(netns, () =>
    spawnSync([...command], { stdin: Buffer.from(input), timeout: DEADLINE_MS }),
  );
  return {
    ok: child.exitCode === 0,
    output: child.stdout.toString(),
    error: child.stderr.toString().trim().split("\n", 1)[0] ?? "",
  };
}

function must(program: string, { ok, error }: Outcome): void {
  if (!ok) throw new Error(`Cannot write rules with ${program}: ${error || "it was killed"}`);
}
