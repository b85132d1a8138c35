/** The policy of each port of this workload, as last heard. */

import type { DefaultPolicyName } from "../policy/default-policy.ts";
import { defaultServerPolicy } from "../policy/default-policy.ts";
import type { ServerDiscovery, Watch } from "../policy/discover.ts";
import { type RateLimit, RateLimiter } from "../policy/rate-limit.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";

/** What holds where nothing was heard. */
export interface PortDefaults {
  readonly defaultPolicy: DefaultPolicyName;
  readonly clusterNetworks: readonly string[];
  readonly opaquePorts: ReadonlySet<number>;
  readonly detectTimeoutMs: number;
}

/** At most so many ports beyond the declared ones are followed; others keep the default policy. */
export const FOLLOWED_PORTS_LIMIT = 256;

/** One port: its policy now. Connections keep this object and look again with each request. */
export class PortPolicy {
  readonly port: number;
  #current: ServerPolicy;
  #limiter: RateLimiter | undefined;
  /** Told of each new policy: connections without requests, which would not look again. */
  readonly followers: Set<() => void> = new Set();

  constructor(port: number, first: ServerPolicy) {
    this.port = port;
    this.#current = first;
    this.#limiter = first.rateLimit && new RateLimiter(first.rateLimit);
  }

  get current(): ServerPolicy {
    return this.#current;
  }

  get limiter(): RateLimiter | undefined {
    return this.#limiter;
  }

  /** Takes another policy. A limit that stays the same goes on counting: what was spent is not given back. */
  set(policy: ServerPolicy): void {
    const { rateLimit } = policy;
    if (!isSame(rateLimit, this.#current.rateLimit))
      this.#limiter = rateLimit && new RateLimiter(rateLimit);
    this.#current = policy;
    for (const follower of [...this.followers]) follower();
  }
}

/** They are plain values, so their text tells. */
const isSame = (a: RateLimit | undefined, b: RateLimit | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Follows the declared ports from the start, others from their first connection. */
export class Ports {
  readonly #discovery: ServerDiscovery;
  readonly #defaults: PortDefaults;
  readonly #ports = new Map<number, PortPolicy>();
  readonly #watches: Watch[] = [];

  constructor(discovery: ServerDiscovery, defaults: PortDefaults, declared: readonly number[]) {
    this.#discovery = discovery;
    this.#defaults = defaults;
    for (const port of declared) this.get(port);
  }

  get(port: number): PortPolicy {
    const known = this.#ports.get(port);
    if (known !== undefined) return known;
    const { defaultPolicy, clusterNetworks, opaquePorts, detectTimeoutMs } = this.#defaults;
    const how = { clusterNetworks, detectTimeoutMs, opaque: opaquePorts.has(port) };
    const policy = new PortPolicy(port, defaultServerPolicy(defaultPolicy, how));
    if (this.#watches.length >= FOLLOWED_PORTS_LIMIT) return policy;
    this.#ports.set(port, policy);
    this.#watches.push(this.#discovery.watchPort(port, (heard) => policy.set(heard)));
    return policy;
  }

  stop(): void {
    for (const watch of this.#watches.splice(0)) watch.cancel();
  }
}
