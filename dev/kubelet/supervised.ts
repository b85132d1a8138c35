/** One container over its restarts: started, probed, started again with back-off, and stopped. */

import type { Container } from "#lib/k8s/types/core.ts";
import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import type { RunningContainer } from "./container.ts";
import type { ContainerState } from "./pod-status.ts";
import type { ProbeTarget } from "./probe.ts";
import { startProbes } from "./prober.ts";

/** What a container is run with. */
export type SupervisedOptions = {
  readonly spec: Container;
  readonly restart: "always" | "on-failure" | "never";
  readonly clock: Clock;
  /** Milliseconds that it gets to end when a probe has failed for good. */
  readonly graceMs: number;
  /** Starts its process for the nth time, from 0; throws where it cannot. */
  start(attempt: number): RunningContainer;
  target(container: RunningContainer): ProbeTarget;
  onChange(): void;
};

/** A postStart hook has no limit of its own; this is as good as none, in milliseconds. */
const POST_START_MS = 86_400_000;
/** A container that ends again and again waits longer each time, however it ended. */
const CRASH_BACKOFF = { minMs: 1_000, maxMs: 60_000, jitter: 0, random: (): number => 0 };
/** A container that ran this long, in milliseconds, starts again without a long wait. */
const SOUND_RUN_MS = 60_000;
const SECOND_MS = 1_000;

/** Runs one container until it has ended for good or is stopped. */
export class Supervised {
  readonly #options: SupervisedOptions;
  readonly #backoff: Backoff = createBackoff(CRASH_BACKOFF);
  readonly #ended = Promise.withResolvers<void>();
  readonly #started = Promise.withResolvers<void>();
  readonly #placed = Promise.withResolvers<void>();
  #running: RunningContainer | undefined;
  #probes: { stop(): void } | undefined;
  #timer: Timer | undefined;
  #attempt = 0;
  #stopping = false;
  #state: ContainerState = {
    id: "",
    restarts: 0,
    ready: false,
    started: false,
    state: { type: "waiting", reason: "ContainerCreating" },
  };

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#start();
  }

  /** What it is doing. */
  get state(): ContainerState {
    return this.#state;
  }

  /** The process that runs now. */
  get running(): RunningContainer | undefined {
    return this.#running;
  }

  /** Settles when it has ended and will not start again. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Settles when it has started for the first time: its startup probe has passed, if it has one. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Settles when it was started for the first time, and its postStart hook, if it has one, has ended: the next one may start. */
  get placed(): Promise<void> {
    return this.#placed.promise;
  }

  /** Asks it to end, and ends it after the grace period. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#timer?.cancel();
    const running = this.#running;
    if (running === undefined) {
      this.#ended.resolve();
      return;
    }
    await this.#terminate(running, graceMs);
    await this.#ended.promise;
  }

  /** Ends it sooner than `stop` had said. */
  hasten(graceMs: number): void {
    const running = this.#running;
    if (running === undefined) return;
    const timer = this.#options.clock.after(graceMs, () => running.kill());
    const cancel = (): void => timer.cancel();
    running.exited.then(cancel, cancel);
  }

  /** Its hook, then SIGTERM, then SIGKILL when its time is over; settles when it has exited. */
  async #terminate(running: RunningContainer, graceMs: number): Promise<void> {
    this.#probes?.stop();
    const timer = this.#options.clock.after(graceMs, () => running.kill());
    await this.#preStop(running, graceMs);
    running.signal("SIGTERM");
    const cancel = (): void => timer.cancel();
    await running.exited.then(cancel, cancel);
  }

  async #preStop(running: RunningContainer, graceMs: number): Promise<void> {
    const hook = this.#options.spec.lifecycle?.preStop;
    const { clock } = this.#options;
    if (hook?.sleep !== undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = clock.after(Math.min(hook.sleep.seconds * SECOND_MS, graceMs), resolve);
      await Promise.race([promise, running.exited]);
      timer.cancel();
    } else if (hook?.exec?.command !== undefined)
      await this.#options.target(running).exec(hook.exec.command, graceMs);
  }

  #start(): void {
    const { spec, clock, start } = this.#options;
    try {
      const running = start(this.#attempt);
      const startedMs = clock.now();
      this.#running = running;
      this.#state = {
        ...this.#state,
        id: `${spec.name}-${this.#attempt}`,
        restarts: this.#state.id === "" ? 0 : this.#state.restarts + 1,
      };
      this.#postStart(running);
      running.exited.then(
        (code) => this.#onExit(running, { code, ranMs: clock.now() - startedMs }),
        (error: unknown) => this.#onFault(error),
      );
    } catch (error) {
      this.#onFault(error);
    }
  }

  /** Its hook, and then it runs; one that fails ends it. */
  #postStart(running: RunningContainer): void {
    const { spec, target, graceMs } = this.#options;
    const command = spec.lifecycle?.postStart?.exec?.command;
    if (command === undefined) {
      this.#run(running);
      return;
    }
    const settle = (hasFailed: boolean): void => {
      this.#placed.resolve();
      if (running !== this.#running || this.#stopping) return;
      if (hasFailed) this.#terminate(running, graceMs).catch(() => running.kill());
      else this.#run(running);
    };
    target(running)
      .exec(command, POST_START_MS)
      .then(
        (code) => settle(code !== 0),
        () => settle(true),
      );
  }

  #run(running: RunningContainer): void {
    this.#set({ state: { type: "running", since: this.#time() } });
    this.#probe(running);
    this.#placed.resolve();
  }

  #probe(running: RunningContainer): void {
    const { spec, target } = this.#options;
    this.#probes = startProbes(spec, target(running), {
      onStarted: () => {
        this.#set({ started: true });
        this.#started.resolve();
      },
      onReady: (ready) => {
        if (ready !== this.#state.ready) this.#set({ ready });
      },
      onDead: (_, probe) => {
        const seconds = probe.terminationGracePeriodSeconds;
        const graceMs = seconds === undefined ? this.#options.graceMs : seconds * SECOND_MS;
        this.#terminate(running, graceMs).catch(() => running.kill());
      },
    });
  }

  #onExit(
    running: RunningContainer,
    { code, ranMs }: { readonly code: number; readonly ranMs: number },
  ): void {
    this.#probes?.stop();
    this.#running = undefined;
    const { state } = this.#state;
    const since = state.type === "running" ? state.since : this.#time();
    const message = this.#messageOf(running, code);
    const last = {
      ...{ exitCode: code, at: this.#time(), since },
      ...(message !== "" && { message }),
    };
    this.#set({ ready: false, state: { type: "terminated", ...last } });
    if (this.#stopping || !this.#again(code)) {
      this.#ended.resolve();
      this.#options.onChange();
      return;
    }
    if (ranMs >= SOUND_RUN_MS) this.#backoff.reset();
    this.#waitAndStart("CrashLoopBackOff", { last });
  }

  #messageOf(running: RunningContainer, code: number): string {
    const { terminationMessagePolicy } = this.#options.spec;
    const words = running.lastWords();
    const fallsBack = terminationMessagePolicy === "FallbackToLogsOnError" && code !== 0;
    return words === "" && fallsBack ? running.logEnd() : words;
  }

  #again(exitCode: number): boolean {
    const { restart } = this.#options;
    return restart === "always" || (restart === "on-failure" && exitCode !== 0);
  }

  #onFault(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#running = undefined;
    this.#placed.resolve();
    if (this.#stopping) this.#ended.resolve();
    else this.#waitAndStart("CreateContainerError", { message });
  }

  #waitAndStart(
    reason: string,
    more: { readonly message?: string; readonly last?: NonNullable<ContainerState["last"]> },
  ): void {
    const { message, last } = more;
    this.#attempt += 1;
    this.#set({
      ready: false,
      started: false,
      state: { type: "waiting", reason, ...(message !== undefined && { message }) },
      ...(last !== undefined && { last }),
    });
    this.#timer = this.#options.clock.after(this.#backoff.next(), () => this.#start());
  }

  #set(change: Partial<ContainerState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.onChange();
  }

  #time(): string {
    return new Date(this.#options.clock.wall()).toISOString();
  }
}
