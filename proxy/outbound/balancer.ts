/** The endpoints of one destination, and the requests that wait for one to be usable. */

import { EndpointSet } from "../balance/endpoint-set.ts";
import { LoadTable } from "../balance/p2c.ts";
import type { EndpointUpdate } from "../policy/client-policy.ts";
import type { BalancerSeries, EndpointsOp } from "../telemetry/balancer-metrics.ts";
import type { Runtime } from "../transport/runtime.ts";
import { EndpointClient, type EndpointOptions } from "./endpoint.ts";

/** Somebody who waits for an endpoint. */
export interface EndpointWaiter {
  /** Try again. */
  onEndpoints(): void;
  /** Nothing was usable for as long as the queue waits. */
  onFailfast(): void;
}

/** What metrics call the updates of discovery. */
const OPS: Readonly<Record<EndpointUpdate["type"], EndpointsOp>> = {
  set: "Reset",
  add: "Add",
  remove: "Remove",
  "no-endpoints": "Reset",
};

/** Picks endpoints; queues, with a bound and a patience, while there is none. */
export class Balancer {
  readonly #runtime: Runtime;
  readonly #queueCapacity: number;
  readonly #failfastMs: number;
  readonly #set: EndpointSet<EndpointClient>;
  readonly #loads: LoadTable;
  #waiting: EndpointWaiter[] = [];
  #timer: { cancel(): void } | undefined;
  #failing = false;
  /** What is told of it. */
  readonly #told = new Set<BalancerSeries>();
  /** How many requests may come here, again or for the first time. */
  #expected = 0;
  /** Told once, when nobody waits or may come. */
  #deserted: (() => void) | undefined;

  constructor(
    options: Omit<EndpointOptions, "onReady"> & {
      readonly queueCapacity: number;
      readonly failfastMs: number;
    },
  ) {
    this.#runtime = options.runtime;
    this.#queueCapacity = options.queueCapacity;
    this.#failfastMs = options.failfastMs;
    this.#loads = new LoadTable(options.decayMs);
    const shared = { ...options, onReady: (): void => this.#wake() };
    this.#set = new EndpointSet(
      (endpoint) => new EndpointClient(endpoint, shared),
      (client) => client.retire(),
    );
  }

  get endpoints(): readonly EndpointClient[] {
    return this.#set.members;
  }

  /** Nothing was usable for so long that requests fail at once. */
  get failing(): boolean {
    return this.#failing;
  }

  update(update: EndpointUpdate): void {
    const changes = this.#apply(update);
    const op = OPS[update.type];
    if (changes > 0) for (const told of this.#told) told.updated(op, op === "Reset" ? 1 : changes);
    this.#wake();
  }

  /** Tells of it from now on: its endpoints are as if they had just come. */
  follow(series: BalancerSeries): void {
    this.#told.add(series);
    const wallMs = this.#runtime.clock.wall();
    series.opens(wallMs, this.#failfastMs);
    if (this.#failing) series.shuts(wallMs);
    if (this.#set.members.length > 0) series.updated("Reset");
  }

  /** Tells of it no longer. */
  unfollow(series: BalancerSeries): void {
    this.#told.delete(series);
  }

  /** The better of two; undefined where none is usable. */
  pick(): EndpointClient | undefined {
    const { clock, random } = this.#runtime;
    return this.#set.members[this.#loads.pickOfTwo(clock.now(), random)];
  }

  /** Waits for an endpoint. `failfast` and `full`: nothing will come soon enough, answer now. */
  wait(waiter: EndpointWaiter): "waiting" | "failfast" | "full" {
    if (this.#failing) return "failfast";
    if (this.#waiting.length >= this.#queueCapacity) return "full";
    this.#waiting.push(waiter);
    this.#timer ??= this.#runtime.clock.after(this.#failfastMs, () => this.#giveUp());
    return "waiting";
  }

  /** A request may come here, until it has `left`. */
  expects(): void {
    this.#expected++;
  }

  left(): void {
    this.#expected--;
    if (this.#deserted !== undefined) this.#tellDeserted();
  }

  /** Calls back when nobody waits or may come, at once where nobody does. */
  whenDeserted(done: () => void): void {
    if (this.#waiting.length === 0 && this.#expected === 0) done();
    else this.#deserted = done;
  }

  /** The destination is no longer used, and nobody waits or may come. Who picks it all the same goes elsewhere. */
  retire(): void {
    this.#failing = true;
    this.#apply({ type: "no-endpoints", exists: false });
  }

  #apply(update: EndpointUpdate): number {
    const changes = this.#set.apply(update);
    if (changes > 0) this.#loads.arrange(this.#set.members.map(({ ewma }) => ewma));
    return changes;
  }

  #wake(): void {
    if (!this.#set.members.some(({ ready }) => ready)) return;
    if (this.#failing) this.#open();
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const waiter of this.#waiting.splice(0)) waiter.onEndpoints();
    this.#tellDeserted();
  }

  #tellDeserted(): void {
    const done = this.#deserted;
    this.#deserted = undefined;
    if (done !== undefined) this.whenDeserted(done);
  }

  #open(): void {
    this.#failing = false;
    const wallMs = this.#runtime.clock.wall();
    for (const told of this.#told) told.opens(wallMs, this.#failfastMs);
  }

  /** From now on requests fail at once, until an endpoint is usable again. */
  #giveUp(): void {
    this.#timer = undefined;
    this.#failing = true;
    const wallMs = this.#runtime.clock.wall();
    for (const told of this.#told) told.shuts(wallMs);
    for (const waiter of this.#waiting.splice(0)) waiter.onFailfast();
    this.#tellDeserted();
  }
}
