/** Candidates for one lease in a world where networks delay and part, processes stand still and clocks run unequally. */

import { KubeError } from "../../lib/k8s/kube-error.ts";
import { LEASE_TIMING } from "../../lib/k8s/lease.ts";
import { LeaseElector, type LeaseElectorOptions } from "../../lib/k8s/lease-elector.ts";
import type { KubeObject } from "../../lib/k8s/types/meta.ts";
import type { Clock, Timer } from "../../lib/time/clock.ts";
import { FakeClock } from "./clock.ts";
import { logger } from "./kube-api.ts";

/** How unequally fast clocks run, as a share of true time. */
export const DRIFT = 0.1;
/** As the client's own limit. */
const REQUEST_LIMIT_MS = 30_000;
const MAX_DELAY_MS = 3_000;
const YEAR_MS = 31_536_000_000;

/** A process: whatever reaches it while it stands still waits. */
export class Process implements Clock {
  paused = false;
  parted = false;
  elector: LeaseElector | undefined;
  readonly #world: LeaseWorld;
  readonly #rate: number;
  readonly #skewMs: number;
  readonly #waiting: (() => void)[] = [];

  constructor(world: LeaseWorld) {
    this.#world = world;
    this.#rate = 1 + DRIFT * (2 * world.random() - 1);
    this.#skewMs = YEAR_MS * world.random();
  }

  now(): number {
    return this.#skewMs + this.#world.clock.now() * this.#rate;
  }

  wall(): number {
    return this.now();
  }

  after(ms: number, wake: () => void): Timer {
    return this.#world.clock.after(ms / this.#rate, () => this.reach(wake));
  }

  /** Something that the process would notice. */
  reach(act: () => void): void {
    if (this.paused) this.#waiting.push(act);
    else act();
  }

  resume(): void {
    this.paused = false;
    for (const act of this.#waiting.splice(0)) act();
  }
}

/** The world; time is true, and moves in small steps. */
export class LeaseWorld {
  readonly clock: FakeClock = new FakeClock();
  readonly random: () => number;
  readonly processes: readonly Process[];
  #lease: KubeObject | undefined;
  #version = 0;

  constructor(candidates: number, random: () => number) {
    this.random = random;
    this.processes = Array.from({ length: candidates }, () => new Process(this));
    for (const [index, process] of this.processes.entries()) this.#begin(process, index);
  }

  /** How many believe that they lead, at this very moment. */
  get leaders(): number {
    return this.processes.filter(({ elector }) => elector?.leadership !== undefined).length;
  }

  /** Lets a little time pass. */
  async step(): Promise<void> {
    this.clock.advance(20 + 180 * this.random());
    await new Promise<void>(setImmediate);
  }

  #begin(process: Process, index: number): void {
    process.elector = new LeaseElector({
      client: this.#client(process),
      name: { name: "lease", namespace: "mesh" },
      identity: `candidate-${index}`,
      timing: LEASE_TIMING,
      clock: process,
      random: this.random,
      log: logger,
      onElected: () => undefined,
    });
    process.elector.start();
  }

  #client(process: Process): LeaseElectorOptions["client"] {
    return {
      get: <T>() => this.#ask(process, () => structuredClone(this.#lease) as T | undefined),
      create: (_, lease) => this.#ask(process, () => this.#write(lease, undefined)),
      replace: (_, lease) =>
        this.#ask(process, () => this.#write(lease, lease.metadata?.resourceVersion)),
    };
  }

  /** Requests and answers take their time, and each may be lost: what was asked may have been done all the same. */
  #ask<T>(process: Process, act: () => T): Promise<T> {
    const delay = (): number => MAX_DELAY_MS * this.random() ** 3;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const limit = process.after(REQUEST_LIMIT_MS, () =>
      reject(new KubeError("unreachable", { message: "no answer" })),
    );
    const answer = (settle: () => void): void => {
      this.clock.after(delay(), () => {
        if (process.parted) return;
        limit.cancel();
        process.reach(settle);
      });
    };
    this.clock.after(delay(), () => {
      if (process.parted) return;
      try {
        const value = act();
        answer(() => resolve(value));
      } catch (error) {
        answer(() => reject(error));
      }
    });
    return promise;
  }

  #write<T extends KubeObject>(lease: T, replaces: string | undefined): T {
    const { resourceVersion } = this.#lease?.metadata ?? {};
    if (resourceVersion !== replaces) throw new KubeError("conflict", { message: "was changed" });
    this.#version++;
    const metadata = { ...lease.metadata, resourceVersion: String(this.#version) };
    this.#lease = structuredClone({ ...lease, metadata });
    return structuredClone(this.#lease) as T;
  }
}
