/** `linkerd2-proxy-init`: redirects the pod in whose network it runs, for a control plane that has no node agent. */

import { writeFileSync } from "node:fs";
import { inNetns } from "#lib/sys/netns.ts";
import { iptablesSteps, nftSteps, type Outcome, type Step } from "../apply/steps.ts";
import type { InitArgs } from "./args.ts";

const CLOSE_WAIT = "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait";

/** What it needs of the world. */
export interface InitWorld {
  /** Gets a line, or what would be written. */
  readonly say: (line: string) => void;
  readonly run: (step: Step) => Outcome;
}

/** Writes the rules; throws where none can be written. */
export function redirectPod(args: InitArgs, { say, run: runHere }: InitWorld): void {
  const ways = args.mode === "auto" ? (["nft", "iptables"] as const) : ([args.mode] as const);
  const run = (step: Step): Outcome =>
    args.netns === undefined ? runHere(step) : inNetns(args.netns, () => runHere(step));
  const { plan, ipv6 } = args;
  const stepsOf = (way: "nft" | "iptables", by: typeof run | undefined): Step[] =>
    way === "nft" ? nftSteps(plan, { ipv6 }) : iptablesSteps(plan, { ipv6, run: by });
  if (args.simulate) {
    for (const { command, input } of stepsOf(ways[0], undefined))
      say(`${command.join(" ")}\n${input}`);
    return;
  }
  const problems: string[] = [];
  for (const way of ways) {
    const failed = stepsOf(way, run)
      .map(run)
      .find(({ ok }) => !ok);
    if (failed === undefined) {
      if (args.closeWaitSeconds > 0) writeFileSync(CLOSE_WAIT, String(args.closeWaitSeconds));
      say(`Redirected by ${way}`);
      return;
    }
    problems.push(`${way}: ${failed.error}`);
  }
  throw new Error(
    `Cannot redirect: ${problems.join("; ")}; it needs the capabilities NET_ADMIN and NET_RAW`,
  );
}
