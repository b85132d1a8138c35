/** Which way to redirect on this node: eBPF where a probe proves it, else nft, else iptables. */

import { probeTier1, provideBpffs } from "../../bpf/probe.ts";
import type { RedirectPlan } from "../redirect/plan.ts";
import { findCgroups, type NodeCgroups } from "./cgroups.ts";
import { Programs } from "./programs.ts";
import type { Redirection, RedirectKind } from "./redirection.ts";
import { IptablesRules, NftRules } from "./rules.ts";

/** What may be asked for. */
export const REDIRECTS = ["auto", "ebpf", "nft", "iptables"] as const;

/** What this node redirects with. */
export interface Choice {
  readonly redirection: Redirection;
  /** The programs of tier 1: looked after where they are in use, else only what an earlier agent left. */
  readonly programs: Programs;
  /** Takes over for a pod where tier 1 fails; undefined where the way was forced or there is none. */
  readonly spare: Redirection | undefined;
  /** Whether the kubelet's connections are told apart; else probes are known by the node's addresses. */
  readonly knowsKubelet: boolean;
  /** One line for the log. */
  readonly reason: string;
}

/** The node as it is found. */
export interface ChooseOptions {
  readonly asked: (typeof REDIRECTS)[number];
  readonly cgroupRoot: string;
  readonly bpfRoot: string;
  /** The agent's own pod; empty where it is none. */
  readonly podUid?: string;
  /** Whether a program is to be had (Bun.which). */
  readonly has: (program: string) => boolean;
}

/** Chooses. Throws where nothing works, or what was asked for does not. */
export function chooseRedirection(options: ChooseOptions): Choice {
  const { asked } = options;
  const rules = findRules(options);
  const cgroups = findCgroups(options.cgroupRoot, options.podUid);
  const programs = new Programs({
    bpfRoot: options.bpfRoot,
    pods: cgroups?.pods ?? "",
    kubelet: cgroups?.kubelet,
  });
  const why: string[] = [];
  if (asked === "auto" || asked === "ebpf") {
    const wrong = tryTier1(options, { cgroups, programs });
    if (wrong === undefined) {
      const spare = asked === "auto" ? rules : undefined;
      const knowsKubelet = cgroups?.kubelet !== undefined;
      const reason = `the probe passed at ${cgroups?.pods}`;
      return { redirection: programs, programs, spare, knowsKubelet, reason };
    }
    why.push(`ebpf: ${wrong}`);
  }
  if (rules === undefined) {
    if (asked !== "ebpf") why.push(`${asked === "auto" ? "nft and iptables" : asked}: not found`);
    throw new Error(`Cannot redirect on this node: ${why.join("; ")}`);
  }
  const reason = asked === "auto" ? why.join("; ") : "it was asked for";
  return { redirection: rules, programs, spare: undefined, knowsKubelet: true, reason };
}

/** A way to redirect a pod, and what takes over where that fails. */
export type Way = Pick<Choice, "redirection" | "spare">;

/**
 * The way for one pod. Whose users are numbered apart can only be redirected by nft, which compares with the numbers of
 * the namespace's own users: eBPF is told the node's, and iptables refuses to compare. Throws where there is no nft.
 */
export function wayFor({ redirection, spare }: Way, { hostUsers }: RedirectPlan): Way {
  if (hostUsers !== false) return { redirection, spare };
  const nft = [redirection, spare].find((each) => each?.kind === "nft");
  if (nft === undefined)
    throw new Error(
      `Cannot redirect a pod with hostUsers: false by ${redirection.kind}: only nft can tell its proxy`,
    );
  return { redirection: nft, spare: undefined };
}

/** The way that a pod was redirected by, whatever is chosen now. */
export function redirectionOf(kind: RedirectKind, programs: Programs): Redirection {
  switch (kind) {
    case "ebpf":
      return programs;
    case "nft":
      return new NftRules();
    case "iptables":
      return new IptablesRules();
  }
}

/** Loads tier 1, or says why not. */
function tryTier1(
  { cgroupRoot, bpfRoot }: ChooseOptions,
  node: { readonly cgroups: NodeCgroups | undefined; readonly programs: Programs },
): string | undefined {
  if (node.cgroups === undefined) return `${cgroupRoot} has no cgroup2`;
  provideBpffs(bpfRoot);
  const wrong = probeTier1({ cgroup: node.cgroups.pods, bpfRoot });
  if (wrong === undefined) node.programs.load();
  return wrong;
}

function findRules({ asked, has }: ChooseOptions): Redirection | undefined {
  const wants = (kind: RedirectKind): boolean => asked === kind || asked === "auto";
  if (wants("nft") && has("nft")) return new NftRules();
  if (wants("iptables") && has("iptables-restore")) return new IptablesRules();
  return undefined;
}
