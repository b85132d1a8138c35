/** The one interface of all ways to redirect a pod. */

import type { PodSurroundings } from "../redirect/ebpf.ts";
import type { RedirectPlan } from "../redirect/plan.ts";

/** Tier 1 is `ebpf`, tier 2 the others. */
export type RedirectKind = "ebpf" | "nft" | "iptables";

/**
 * A pod's network namespace. In tier 1 the cookie is known, which alone finds the pod again, and its slot, under which
 * the kernel knows its proxy's listeners.
 */
export interface PodPlace {
  readonly netns: string;
  readonly cookie?: bigint;
  readonly slot?: number;
}

/**
 * How many more proxies that do not listen the kernel may be asked about in one look: where its tables are what tells,
 * it walks through all connections of the node for such an answer, while the agent waits.
 */
export interface Asks {
  left: number;
}

/** Puts a plan into a network namespace and takes it away again. All calls are synchronous and may be repeated. */
export interface Redirection {
  readonly kind: RedirectKind;
  /**
   * Redirects, at a place that is known from before or has only its namespace; where it throws, what was there before
   * is still there, and nothing more. The place as it has to be kept for the other calls.
   */
  add(at: PodPlace, plan: RedirectPlan, surroundings: PodSurroundings): PodPlace;
  /** Ends it, whether the namespace still exists or not. */
  remove(place: PodPlace): void;
  /**
   * What is missing of the redirection, in one line; undefined where all is there, or nothing is known to be missing
   * and no more may be asked.
   */
  check(place: PodPlace, plan: RedirectPlan, asks?: Asks): string | undefined;
}
