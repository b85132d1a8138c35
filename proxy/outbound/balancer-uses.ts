/** Who uses which balancer, as metrics tell it: by parent and backend, from the first request that goes there (MET31). */

import { formatLabels, type Labels } from "#lib/metrics/registry.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { BalancerSeries } from "../telemetry/balancer-metrics.ts";
import type { OutboundFamilies } from "../telemetry/outbound-families.ts";
import type { Balancer } from "./balancer.ts";

/** What a balancer's requests are. */
export type BalancerKind = "http" | "tcp" | "tls";

/** The balancers that are told of under the same labels, each with how many use it so. */
interface Told {
  readonly series: BalancerSeries;
  readonly balancers: Map<Balancer, number>;
}

/** All uses of a proxy's balancers. */
export class BalancerUses {
  readonly clock: Clock;
  readonly #families: OutboundFamilies["balancers"];
  readonly #told = new Map<string, Told>();

  constructor(clock: Clock, { balancers, onLook }: Pick<OutboundFamilies, "balancers" | "onLook">) {
    this.clock = clock;
    this.#families = balancers;
    onLook(() => this.#collect());
  }

  /** A use, which has to be released. */
  use(kind: BalancerKind, balancer: Balancer, labels: Labels): BalancerUse {
    const text = formatLabels(labels);
    return new BalancerUse(this, balancer, { kind, text, key: `${kind} ${text}` });
  }

  /** Tells of a balancer. */
  attach({ kind, text, key }: UseLabels, balancer: Balancer): BalancerSeries {
    let told = this.#told.get(key);
    if (told === undefined) {
      told = { series: this.#families[kind].of(text), balancers: new Map() };
      this.#told.set(key, told);
    }
    const users = told.balancers.get(balancer) ?? 0;
    told.balancers.set(balancer, users + 1);
    if (users === 0) balancer.follow(told.series);
    return told.series;
  }

  /** One user less. */
  detach({ key }: UseLabels, balancer: Balancer): void {
    const told = this.#told.get(key);
    const users = told?.balancers.get(balancer);
    if (told === undefined || users === undefined) return;
    if (users > 1) {
      told.balancers.set(balancer, users - 1);
      return;
    }
    told.balancers.delete(balancer);
    balancer.unfollow(told.series);
    if (told.balancers.size > 0) return;
    told.series.ends();
    this.#told.delete(key);
  }

  #collect(): void {
    for (const { series, balancers } of this.#told.values()) {
      let known = 0;
      let ready = 0;
      for (const { endpoints } of balancers.keys()) {
        known += endpoints.length;
        for (const endpoint of endpoints) if (endpoint.ready) ready++;
      }
      series.holds(known, ready);
    }
  }
}

interface UseLabels {
  readonly kind: BalancerKind;
  /** Formatted. */
  readonly text: string;
  /** Both, by which they are told apart. */
  readonly key: string;
}

/** A backend's use of its balancer, by the requests of one parent. */
export class BalancerUse {
  readonly balancer: Balancer;
  readonly #uses: BalancerUses;
  readonly #labels: UseLabels;
  #series: BalancerSeries | undefined;
  #released = false;

  constructor(uses: BalancerUses, balancer: Balancer, labels: UseLabels) {
    this.#uses = uses;
    this.balancer = balancer;
    this.#labels = labels;
  }

  /** A request enters the queue; when that was. */
  entered(): number {
    const series = this.#series ?? this.#attach();
    series.entered();
    return this.#uses.clock.now();
  }

  /** It has to wait. */
  waits(): void {
    this.#series?.waits();
  }

  /** It waits no longer. */
  woken(): void {
    this.#series?.woken();
  }

  /** It has left the queue that it entered then. */
  left(enteredMs: number): void {
    this.#series?.left(this.#uses.clock.now() - enteredMs);
  }

  /** The policy that it is of holds no longer; requests under way may go on. */
  release(): void {
    this.#released = true;
    if (this.#series !== undefined) this.#uses.detach(this.#labels, this.balancer);
  }

  #attach(): BalancerSeries {
    const series = this.#uses.attach(this.#labels, this.balancer);
    // A request that was under way when its policy went.
    if (this.#released) this.#uses.detach(this.#labels, this.balancer);
    this.#series = series;
    return series;
  }
}
