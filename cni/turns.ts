/** Whose turn it is in the agent's looks: what takes long is done for a few pods at a time. */

import type { Asks } from "./apply/redirection.ts";
import type { Attachment } from "./attachments.ts";

/** A look at the rules of one pod starts a program: so few of tier 2 are looked at in one go. */
export const RULES_AT_ONCE = 8;

/**
 * Of how many pods of tier 1 the kernel says in one go that their proxy does not listen: at up to 14 ms each where it
 * is its tables that tell (lib/sys/listening-port.ts).
 */
export const ASKS_AT_ONCE = 8;

/** What one look is at, in this order. */
export interface Look {
  readonly due: readonly Attachment[];
  readonly asks: Asks;
}

/** Remembers where the next look goes on. */
export class Turns {
  #nextRules = 0;
  #firstAsked = 0;

  /** The next look: all pods of tier 1, a few of tier 2. */
  take(all: readonly Attachment[]): Look {
    const programs = all.filter(isTier1);
    const rules = all.filter((each) => !isTier1(each));
    if (this.#nextRules >= rules.length) this.#nextRules = 0;
    const due = rules.slice(this.#nextRules, this.#nextRules + RULES_AT_ONCE);
    this.#nextRules += RULES_AT_ONCE;
    // Each look begins with others: pods whose proxies never listen must not use up all that may be asked.
    if (this.#firstAsked >= programs.length) this.#firstAsked = 0;
    const first = this.#firstAsked;
    this.#firstAsked += ASKS_AT_ONCE;
    return {
      due: [...programs.slice(first), ...programs.slice(0, first), ...due],
      asks: { left: ASKS_AT_ONCE },
    };
  }
}

const isTier1 = ({ kind }: Attachment): boolean => kind === "ebpf";
