/** A candidate for a Lease: takes it when it may, renews it, and knows by its own clock when it leads no longer. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import type { KubeClient } from "./client.ts";
import { KubeError } from "./kube-error.ts";
import {
  decideLease,
  type LeaseTiming,
  type Observation,
  observeLease,
  releasedLease,
} from "./lease.ts";
import { LEASES } from "./resource.ts";
import type { Lease } from "./types/coordination.ts";

/** Leading, from an election to its end; whoever leads again has another one. */
export interface Leadership {
  /**
   * Whether it goes on, by the monotonic clock as it is now, which goes on while a process stands still. To be asked
   * before each write; what is written also names the version that it replaces, so that a write which is held up after
   * the question cannot undo what a successor has done.
   */
  readonly holds: boolean;
}

/** What a candidate needs. */
export type LeaseElectorOptions = {
  readonly client: Pick<KubeClient, "get" | "create" | "replace">;
  readonly name: { readonly name: string; readonly namespace: string };
  /** Unlike that of every other candidate, a restarted one of the same name included. */
  readonly identity: string;
  readonly timing: LeaseTiming;
  readonly clock: Clock;
  /** 0 to 1: candidates do not all try at once. */
  readonly random: () => number;
  readonly log: Logger;
  /** Called when it is elected. */
  readonly onElected: (leadership: Leadership) => void;
};

/** A process that stops does not wait longer for the API than this; the lease then runs out by itself. */
const RELEASE_LIMIT_MS = 5_000;

/** Tries come up to this share later than they might. */
const JITTER = 0.2;

/** Takes part in an election from `start` to `stop`. */
export class LeaseElector {
  readonly #options: LeaseElectorOptions;
  #observation: Observation | undefined;
  #leadership: Term | undefined;
  #timer: Timer | undefined;
  #deadline: Timer | undefined;
  #trying: Promise<void> = Promise.resolve();
  #stopped = false;
  #problem: string | undefined;

  constructor(options: LeaseElectorOptions) {
    this.#options = options;
  }

  /** Undefined where another leads, or nobody. */
  get leadership(): Leadership | undefined {
    return this.#leadership?.holds === true ? this.#leadership : undefined;
  }

  start(): void {
    this.#trying = this.#try().finally(() => this.#again());
  }

  /** Leads no longer, and gives the lease back where it held it; settles when that is done, or was in vain. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#stepDown("stopped");
    const limit = new Promise<void>((resolve) => {
      this.#timer = this.#options.clock.after(RELEASE_LIMIT_MS, resolve);
    });
    await Promise.race([this.#release(), limit]);
    this.#timer?.cancel();
  }

  async #release(): Promise<void> {
    await this.#trying;
    const { lease } = this.#observation ?? {};
    const { client, clock, identity } = this.#options;
    if (lease?.spec?.holderIdentity !== identity) return;
    await client.replace(LEASES, releasedLease(lease, clock.wall())).catch(() => undefined);
  }

  #again(): void {
    if (this.#stopped) return;
    const { clock, random, timing } = this.#options;
    const ms = timing.retryMs * (1 + JITTER * random());
    this.#timer = clock.after(ms, () => this.start());
  }

  /** Never rejects: what fails is tried again, and a leader that cannot renew has its deadline. */
  async #try(): Promise<void> {
    const { client, clock, name, identity, timing, log } = this.#options;
    try {
      const read = await client.get(LEASES, name);
      const nowMs = clock.now();
      this.#observation = observeLease(this.#observation, read, nowMs);
      const { durationMs } = timing;
      const step = decideLease(this.#observation, {
        ...{ identity, name, durationMs, nowMs, wallMs: clock.wall() },
      });
      if (step.type === "wait" || this.#stopped) {
        this.#problem = undefined;
        this.#stepDown("held by another");
        return;
      }
      // From before it is asked for: whoever sees the change later waits longer.
      const startMs = clock.now();
      const written = await client[step.type](LEASES, step.lease);
      this.#held(written, startMs);
    } catch (error) {
      const lost =
        error instanceof KubeError && ["conflict", "already-exists"].includes(error.code);
      if (lost) log.debug("Lease was written by another", { lease: name.name });
      else this.#failed(String(error));
    }
  }

  /** What fails for long is told of once. */
  #failed(error: string): void {
    if (error === this.#problem) return;
    this.#problem = error;
    const { log, name } = this.#options;
    log.warn("Cannot try for lease", { lease: name.name, error });
  }

  #held(written: Lease, startMs: number): void {
    const { clock, log, name, timing, onElected } = this.#options;
    this.#problem = undefined;
    this.#observation = observeLease(this.#observation, written, clock.now());
    const untilMs = startMs + timing.renewDeadlineMs;
    if (this.#stopped || untilMs <= clock.now()) return;
    this.#deadline?.cancel();
    this.#deadline = clock.after(untilMs - clock.now(), () =>
      this.#stepDown("not renewed in time"),
    );
    if (this.#leadership?.holds === true) {
      this.#leadership.untilMs = untilMs;
      return;
    }
    this.#stepDown("not renewed in time");
    const leadership = new Term(clock, untilMs);
    this.#leadership = leadership;
    log.info("Lease acquired", { lease: name.name });
    onElected(leadership);
  }

  #stepDown(why: string): void {
    if (this.#leadership === undefined) return;
    this.#deadline?.cancel();
    this.#leadership.untilMs = Number.NEGATIVE_INFINITY;
    this.#leadership = undefined;
    const { log, name } = this.#options;
    log.info("Lease lost", { lease: name.name, why });
  }
}

class Term implements Leadership {
  readonly #clock: Clock;
  untilMs: number;

  constructor(clock: Clock, untilMs: number) {
    this.#clock = clock;
    this.untilMs = untilMs;
  }

  get holds(): boolean {
    return this.#clock.now() < this.untilMs;
  }
}
