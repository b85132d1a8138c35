/** The balancers in use, shared by all destinations that say the same of one. */

import type { AccrualRule } from "../policy/accrual-rule.ts";
import type { Backend } from "../policy/client-policy.ts";
import type { ClientDiscovery, Watch } from "../policy/discover.ts";
import type { OutboundFamilies } from "../telemetry/outbound-families.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import type { Runtime } from "../transport/runtime.ts";
import { Balancer } from "./balancer.ts";

/** What balancers need. */
export interface BalancersOptions {
  readonly runtime: Runtime;
  readonly config: DirectionConfig;
  readonly discovery: ClientDiscovery;
  readonly localIps: ReadonlySet<string>;
  readonly families: OutboundFamilies;
}

interface SharedBalancer {
  readonly balancer: Balancer;
  readonly watch: Watch | undefined;
  users: number;
}

/** Balancers by all that makes one another: two policies may differ in the load, the queue or the endpoints. */
export class Balancers {
  readonly #options: BalancersOptions;
  readonly #byKey = new Map<string, SharedBalancer>();

  constructor(options: BalancersOptions) {
    this.#options = options;
  }

  /** Takes a backend's balancer into use by the owner of `keys`; undefined where there is none to send to. */
  acquire(
    { target, queueCapacity, failfastMs }: Backend,
    accrual: AccrualRule | undefined,
    keys: Set<string>,
  ): Balancer | undefined {
    if (target.type === "fail") return undefined;
    // A lone endpoint is not balanced: there is nowhere else to go (P38).
    const breaks = target.type === "balancer" ? accrual : undefined;
    const how = { target, queueCapacity, failfastMs, accrual: breaks };
    const key = JSON.stringify(how);
    let shared = this.#byKey.get(key);
    if (shared === undefined) {
      shared = this.#create(how);
      this.#byKey.set(key, shared);
    }
    if (!keys.has(key)) {
      keys.add(key);
      shared.users++;
    }
    return shared.balancer;
  }

  /** An owner does not need it any more. What is on its way there still goes it, as policy was when it came. */
  release(key: string): void {
    const shared = this.#byKey.get(key);
    if (shared === undefined || --shared.users > 0) return;
    shared.balancer.whenDeserted(() => {
      if (shared.users > 0) return;
      shared.watch?.cancel();
      shared.balancer.retire();
      this.#byKey.delete(key);
    });
  }

  #create({
    target,
    queueCapacity,
    failfastMs,
    accrual,
  }: Pick<Backend, "queueCapacity" | "failfastMs"> & {
    readonly target: Exclude<Backend["target"], { readonly type: "fail" }>;
    readonly accrual: AccrualRule | undefined;
  }): SharedBalancer {
    const load = target.type === "balancer" ? target : { defaultRttMs: 30, decayMs: 10_000 };
    const balancer = new Balancer({
      ...{ ...this.#options, ...load },
      ...{ queueCapacity, failfastMs, accrual },
      authority: target.type === "balancer" ? target.path : undefined,
    });
    if (target.type === "forward") balancer.update({ type: "add", endpoints: [target.endpoint] });
    const watch =
      target.type === "balancer"
        ? this.#options.discovery.watchEndpoints(target.path, (update) => balancer.update(update))
        : undefined;
    return { balancer, watch, users: 0 };
  }
}
