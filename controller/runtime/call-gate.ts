/** Which calls are taken: no caller gets more than its share, and a role that is short of memory keeps what it has. */

import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import { Budget } from "#lib/http2/budget.ts";
import type { Counter } from "#lib/metrics/counter.ts";
import type { Family, Registry } from "#lib/metrics/registry.ts";

/** Calls with one answer that one identity may begin at once, and each second. An identity is a service account, which many pods may have. */
export const CALL_ALLOWANCE = { burst: 10_000, perSecond: 1_000 } as const;

/**
 * Watches of one identity that may be open together, at 5 KB each. A thousand proxies of one account have three for
 * each of their destinations and one for each of their ports. Callers without an identity are one: of the identity
 * service those are all proxies, which connect before they have a certificate and then watch the trust anchors.
 */
export const OPEN_WATCHES_LIMIT = 50_000;

/** Watches that one identity may begin: all at once, as when a controller starts again. One that is refused comes by back-off, up to a minute later. */
export const WATCH_ALLOWANCE: { readonly burst: number; readonly perSecond: number } = {
  burst: OPEN_WATCHES_LIMIT,
  perSecond: 1_000,
};

/** Identities that are told apart; beyond that, those that come new share one allowance. */
export const IDENTITIES_LIMIT = 10_000;

/** The share of the memory limit from which on new watches are refused, those that are open going on. */
export const MEMORY_SHARE_LIMIT = 0.9;

/** What a gate looks at. */
export type CallGateOptions = {
  readonly registry: Registry;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** How much of its memory the process uses: 0 to 1, and 0 where it has no limit. */
  readonly memoryShare: () => number;
};

type CallKind = "watch" | "unary";
type Caller = { readonly budgets: Readonly<Record<CallKind, Budget>>; open: number };

/** A call that was taken. */
export interface Admitted {
  /** The call has ended. */
  leave(): void;
}

const FORGET_MS = 1000;
const ENDS_ITSELF: Admitted = { leave: () => undefined };

/** Counts the calls of each identity. */
export class CallGate {
  readonly #options: CallGateOptions;
  readonly #refused: Family<Counter>;
  readonly #callers = new Map<string, Caller>();
  #forgotMs = Number.NEGATIVE_INFINITY;

  constructor(options: CallGateOptions) {
    this.#options = options;
    this.#refused = options.registry.counter(
      "bunkerd_calls_refused_total",
      "Calls that were refused because their caller makes too many, or memory is short.",
    );
  }

  /** Takes a call of an identity, empty where it has none. Throws a GrpcError where it cannot be taken. */
  enter(identity: string, kind: CallKind): Admitted {
    const { now, memoryShare } = this.#options;
    if (kind === "watch" && memoryShare() >= MEMORY_SHARE_LIMIT)
      throw this.#refuse("memory", GrpcCode.UNAVAILABLE, "controller is short of memory");
    const caller = this.#callerOf(identity);
    // Watches do not count against what is answered at once: they would keep who has no identity from a first certificate.
    if (kind === "watch" && caller.open >= OPEN_WATCHES_LIMIT)
      throw this.#refuse("open", GrpcCode.RESOURCE_EXHAUSTED, "too many calls are open");
    if (!caller.budgets[kind].spend(now()))
      throw this.#refuse("rate", GrpcCode.RESOURCE_EXHAUSTED, "too many calls a second");
    if (kind === "unary") return ENDS_ITSELF;
    caller.open++;
    return { leave: () => void caller.open-- };
  }

  #refuse(reason: string, code: number, message: string): GrpcError {
    this.#refused.with({ reason }).increment();
    return new GrpcError(code, message);
  }

  #callerOf(identity: string): Caller {
    const known = this.#callers.get(identity);
    if (known !== undefined) return known;
    const nowMs = this.#options.now();
    if (this.#callers.size >= IDENTITIES_LIMIT) this.#forget(nowMs);
    if (this.#callers.size >= IDENTITIES_LIMIT && identity !== "") return this.#callerOf("");
    const budgets = {
      watch: new Budget(WATCH_ALLOWANCE, nowMs),
      unary: new Budget(CALL_ALLOWANCE, nowMs),
    };
    const caller = { budgets, open: 0 };
    this.#callers.set(identity, caller);
    return caller;
  }

  /** Who has no call open counts anew when it comes again. All are looked through once a second at most. */
  #forget(nowMs: number): void {
    if (nowMs - this.#forgotMs < FORGET_MS) return;
    this.#forgotMs = nowMs;
    for (const [identity, { open }] of this.#callers)
      if (open === 0 && identity !== "") this.#callers.delete(identity);
  }
}
