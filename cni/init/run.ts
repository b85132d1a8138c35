/** `linkerd2-proxy-init`: redirects the pod in whose network it runs, for a control plane that has no node agent. */

import { writeFileSync } from "node:fs";
import { spawnSync } from "bun";
import { inNetns } from "#lib/sys/netns.ts";
import { type Family, iptablesScript, JUMPS } from "../redirect/iptables.ts";
import { nftScript } from "../redirect/nft.ts";
import type { InitArgs } from "./args.ts";

const DEADLINE_MS = 5000;
const CLOSE_WAIT = "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait";

/** A program with what it reads. */
export type Step = { readonly command: readonly string[]; readonly input: string };
/** Whether it did what it was to do, and the first line of what it said. */
export type Outcome = { readonly ok: boolean; readonly error: string };

/** What it needs of the world. */
export interface InitWorld {
  /** Gets a line, or what would be written. */
  readonly say: (line: string) => void;
  readonly run: (step: Step) => Outcome;
}

/** Writes the rules; throws where none can be written. */
export function redirectPod(args: InitArgs, { say, run: runHere }: InitWorld): void {
  const ways = args.mode === "auto" ? (["nft", "iptables"] as const) : [args.mode];
  const run = (step: Step): Outcome =>
    args.netns === undefined ? runHere(step) : inNetns(args.netns, () => runHere(step));
  if (args.simulate) {
    for (const { command, input } of stepsOf(args, { way: ways[0] ?? "nft", run: undefined }))
      say(`${command.join(" ")}\n${input}`);
    return;
  }
  const problems: string[] = [];
  for (const way of ways) {
    const failed = stepsOf(args, { way, run })
      .map(run)
      .find(({ ok }) => !ok);
    if (failed === undefined) {
      if (args.closeWaitSeconds > 0) writeFileSync(CLOSE_WAIT, String(args.closeWaitSeconds));
      say(`Redirected by ${way}`);
      return;
    }
    problems.push(`${way}: ${failed.error || "it was killed"}`);
  }
  throw new Error(
    `Cannot redirect: ${problems.join("; ")}; it needs the capabilities NET_ADMIN and NET_RAW`,
  );
}

function stepsOf(
  { plan, ipv6 }: InitArgs,
  how: { readonly way: "nft" | "iptables"; readonly run: ((step: Step) => Outcome) | undefined },
): Step[] {
  if (how.way === "nft") return [{ command: ["nft", "-f", "-"], input: nftScript(plan, { ipv6 }) }];
  const families: readonly (readonly [Family, string])[] = [
    ["ipv4", "iptables"],
    ...(ipv6 ? [["ipv6", "ip6tables"] as const] : []),
  ];
  return families.map(([family, program]) => {
    const jumps = JUMPS.filter((jump) => {
      const command = [program, "-w", "-t", "nat", "-C", ...jump];
      return how.run?.({ command, input: "" }).ok !== true;
    });
    const input = iptablesScript(plan, { family, jumps });
    return { command: [`${program}-restore`, "-w", "--noflush"], input };
  });
}

/** Runs a program, with a bound. */
export function runStep({ command, input }: Step): Outcome {
  try {
    const child = spawnSync([...command], { stdin: Buffer.from(input), timeout: DEADLINE_MS });
    const [error = ""] = child.stderr.toString().trim().split("\n");
    return { ok: child.exitCode === 0, error };
  } catch (error) {
    return { ok: false, error: String(error) };
  }
}
