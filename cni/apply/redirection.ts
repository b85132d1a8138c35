/** The one interface of all ways to redirect a pod. */

import type { PodSurroundings } from "../redirect/ebpf.ts";
import type { RedirectPlan } from "../redirect/plan.ts";

/** Tier 1 is `ebpf`, tier 2 the others. */
export type RedirectKind = "ebpf" | "nft" | "iptables";

/** A pod's network namespace; the cookie is known in tier 1, where it alone finds the pod again. */
export interface PodPlace {
  readonly netns: string;
  readonly cookie?: bigint;
}

/** Puts a plan into a network namespace and takes it away again. All calls are synchronous and may be repeated. */
export interface Redirection {
  readonly kind: RedirectKind;
  /** Redirects; where it throws nothing is left. The place as it has to be kept for `remove`. */
  add(netns: string, plan: RedirectPlan, surroundings: PodSurroundings): PodPlace;
  /** Ends it, whether the namespace still exists or not. */
  remove(place: PodPlace): void;
  /** What is missing of the redirection, in one line; undefined where all is there. */
  check(place: PodPlace, plan: RedirectPlan): string | undefined;
}
