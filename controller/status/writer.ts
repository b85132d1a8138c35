/** Writes statuses while it leads: one after the other, no faster than a bound, each naming the version that it replaces. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import type { Leadership } from "#lib/k8s/lease-elector.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";
import { keptWithStatus } from "../index/kept.ts";
import type { StatusMetrics } from "./metrics.ts";
import type { StatusId, StatusObjects, StatusWrite } from "./objects.ts";

/** Between two writes, milliseconds: at most fifty a second. */
export const WRITE_SPACING_MS: number = 20;
/** Between two writes to one object: who writes against us must not have us write without end. */
export const OBJECT_SPACING_MS: number = 500;
/** A write may take this long, as Linkerd's; milliseconds. */
export const WRITE_LIMIT_MS: number = 5_000;
/** So often an object is read again at once when another has written to it meanwhile. */
const CONFLICT_LIMIT = 3;
/** Waits until an object is tried again whose status the API does not take, in milliseconds. */
const RETRY = { minMs: 1_000, maxMs: 300_000, jitter: 0.5 } as const;
/** So long nothing is written after the API has taken nothing, at most; milliseconds. */
const PAUSE_LIMIT_MS = 10_000;
/** So many objects are looked at before others get their turn. */
const SLICE = 64;

/** What a writer needs. */
export type StatusWriterOptions = {
  readonly objects: Pick<StatusObjects, "all" | "listen" | "decide">;
  readonly client: Pick<KubeClient, "get" | "patch">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: StatusMetrics;
};

/** An object that was written to a moment ago, or could not be. */
type Resting = {
  readonly timer: Timer;
  /** Whether it changed meanwhile. */
  again: boolean;
  readonly failed: boolean;
};

/** From an election to its end. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #leadership: Leadership;
  /** In the order of their turns. */
  readonly #queue = new Set<StatusId>();
  readonly #resting = new Map<StatusId, Resting>();
  /** Of objects whose last write failed. */
  readonly #backoffs = new Map<StatusId, Backoff>();
  #running = false;
  #stopped = false;
  #writtenMs = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;

  constructor(options: StatusWriterOptions, leadership: Leadership) {
    this.#options = options;
    this.#leadership = leadership;
  }

  /** Looks at all objects, and from then on at those that changes concern. */
  start(): void {
    const { objects } = this.#options;
    objects.listen((id) => this.#enqueue(id));
    for (const id of [...objects.all()]) this.#enqueue(id);
  }

  /** Writes no more. */
  stop(): void {
    this.#stopped = true;
    this.#end();
  }

  #enqueue(id: StatusId): void {
    if (this.#stopped) return;
    const resting = this.#resting.get(id);
    if (resting !== undefined && !resting.failed) {
      resting.again = true;
      return;
    }
    resting?.timer.cancel();
    this.#resting.delete(id);
    if (this.#queue.has(id)) return;
    this.#options.metrics.count("patch_enqueues");
    this.#queue.add(id);
    // `run` catches what writing throws.
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let turns = 0;
    // Changes come in bursts.
    await this.#wait(0);
    for (const id of this.#queue) {
      this.#queue.delete(id);
      this.#options.metrics.count("patch_dequeues");
      if (!this.#leadership.holds) {
        this.#options.metrics.count("patch_drops");
        this.#end();
        break;
      }
      turns++;
      if (turns % SLICE === 0) await this.#wait(0);
      await this.#turn(id);
    }
    this.#running = false;
  }

  /** Who leads no longer writes no more: the next leader looks at all objects. */
  #end(): void {
    this.#queue.clear();
    for (const { timer } of this.#resting.values()) timer.cancel();
    this.#resting.clear();
    this.#backoffs.clear();
  }

  async #turn(id: StatusId): Promise<void> {
    const { objects, clock } = this.#options;
    try {
      const mustWrite = objects.decide(id, clock.wall()) !== undefined;
      if (mustWrite) await this.#spaced();
      // What was decided before a wait may be old.
      let write = mustWrite ? objects.decide(id, clock.wall()) : undefined;
      for (let tries = 1; write !== undefined && this.#leadership.holds; tries++) {
        const lost = await this.#write(write);
        if (lost === undefined) {
          this.#rest(id, { ms: OBJECT_SPACING_MS, failed: false });
          break;
        }
        if (tries === CONFLICT_LIMIT) throw lost;
        write = await this.#readAgain(id, write);
      }
      this.#backoffs.delete(id);
      this.#problem = undefined;
    } catch (error) {
      await this.#failed(id, error);
    }
  }

  /** The error where another has written to the object meanwhile; throws any other. */
  async #write({ resource, name, resourceVersion, status }: StatusWrite): Promise<unknown> {
    const { client, clock, metrics } = this.#options;
    const startMs = clock.now();
    this.#writtenMs = startMs;
    const body = { metadata: { resourceVersion }, status };
    try {
      const patch = { type: "merge", subresource: "status", body } as const;
      await this.#limited(client.patch(resource, name, patch));
      metrics.count("patches");
      return undefined;
    } catch (error) {
      metrics.count(error instanceof TooSlow ? "patch_timeouts" : "patch_api_errors");
      if (error instanceof KubeError && error.code === "not-found") return undefined;
      if (error instanceof KubeError && error.code === "conflict") return error;
      throw error;
    } finally {
      metrics.took(clock.now() - startMs);
    }
  }

  async #readAgain(
    id: StatusId,
    { resource, name }: StatusWrite,
  ): Promise<StatusWrite | undefined> {
    const { client, objects, clock } = this.#options;
    const newer = await this.#limited(client.get(resource, name));
    return newer && objects.decide(id, clock.wall(), keptWithStatus(newer));
  }

  /** An object waits alone where its status is not taken; where nothing is taken all do. */
  async #failed(id: StatusId, error: unknown): Promise<void> {
    const { random, log } = this.#options;
    const text = error instanceof Error ? error.message : String(error);
    // What fails for long is told of once, of an object and of all.
    if (text !== this.#problem && !this.#backoffs.has(id))
      log.warn("Cannot write a status", { object: id, error: text });
    this.#problem = text;
    const backoff = this.#backoffs.get(id) ?? createBackoff({ ...RETRY, random });
    this.#backoffs.set(id, backoff);
    const ms = Math.max(backoff.next(), (error instanceof KubeError && error.retryAfterMs) || 0);
    this.#rest(id, { ms, failed: true });
    const all =
      error instanceof TooSlow ||
      (error instanceof KubeError &&
        ["unreachable", "server", "too-many-requests"].includes(error.code));
    if (all && !this.#stopped) await this.#wait(Math.min(ms, PAUSE_LIMIT_MS));
  }

  #rest(id: StatusId, { ms, failed }: { readonly ms: number; readonly failed: boolean }): void {
    if (this.#stopped) return;
    const timer = this.#options.clock.after(ms, () => {
      const again = failed || this.#resting.get(id)?.again === true;
      this.#resting.delete(id);
      if (again) this.#enqueue(id);
    });
    // A change that came during the write.
    const again = this.#queue.delete(id);
    this.#resting.set(id, { timer, again, failed });
  }

  async #spaced(): Promise<void> {
    const waitMs = this.#writtenMs + WRITE_SPACING_MS - this.#options.clock.now();
    if (waitMs > 0) await this.#wait(waitMs);
  }

  async #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#options.clock.after(ms, resolve);
    await promise;
  }

  async #limited<T>(call: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = this.#options.clock.after(WRITE_LIMIT_MS, () => reject(new TooSlow()));
    try {
      return await Promise.race([call, promise]);
    } finally {
      timer.cancel();
    }
  }
}

class TooSlow extends Error {
  override readonly name = "TooSlow";

  constructor() {
    super(`the Kubernetes API did not answer within ${WRITE_LIMIT_MS} ms`);
  }
}
