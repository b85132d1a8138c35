/** The policy of each port of this workload, as last heard. */

import type { ServerConnection } from "#lib/http-io/exchange.ts";
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
  /** All ports of this pod that somebody listens on, by one question; undefined where that cannot be told. */
  readonly listenedPorts: () => ReadonlySet<number> | undefined;
}

/**
 * At most so many ports beyond the declared ones are followed, as callers can ask for all there are. Those that nobody
 * listens on make room; where there is none, nobody is let in: it is not known who may be.
 */
export const FOLLOWED_PORTS_LIMIT = 256;

/** One port: its policy now. Connections keep this object and look again with each request. */
export class PortPolicy {
  readonly port: number;
  #current: ServerPolicy;
  #limiter: RateLimiter | undefined;
  /** Told of each new policy: connections without requests, which would not look again. */
  readonly followers: Set<() => void> = new Set();
  /** Connections of requests, which keep this object. */
  readonly users: Set<Pick<ServerConnection, "drain">> = new Set();
  /** Whether it hears of changes; who uses one that does not comes again, by a new connection. */
  isFollowed = true;

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

/** A port that is followed. */
interface Followed {
  readonly policy: PortPolicy;
  readonly watch: Watch;
}

/** Follows the declared ports from the start, others from their first connection. */
export class Ports {
  readonly #discovery: ServerDiscovery;
  readonly #defaults: PortDefaults;
  readonly #ports = new Map<number, Followed>();
  readonly #declared: ReadonlySet<number>;

  constructor(discovery: ServerDiscovery, defaults: PortDefaults, declared: readonly number[]) {
    this.#discovery = discovery;
    this.#defaults = defaults;
    this.#declared = new Set(declared);
    for (const port of this.#declared) this.#follow(port);
  }

  get(port: number): PortPolicy {
    const known = this.#ports.get(port);
    if (known !== undefined) return known.policy;
    if (this.#isFull) this.#makeRoom();
    return this.#isFull ? this.#unfollowed(port) : this.#follow(port);
  }

  get #isFull(): boolean {
    return this.#ports.size - this.#declared.size >= FOLLOWED_PORTS_LIMIT;
  }

  #follow(port: number): PortPolicy {
    const policy = new PortPolicy(port, this.#default(port, this.#defaults.defaultPolicy));
    const watch = this.#discovery.watchPort(port, (heard) => policy.set(heard));
    this.#ports.set(port, { policy, watch });
    return policy;
  }

  #unfollowed(port: number): PortPolicy {
    const policy = new PortPolicy(port, this.#default(port, "deny"));
    policy.isFollowed = false;
    return policy;
  }

  #default(port: number, name: DefaultPolicyName): ServerPolicy {
    const { clusterNetworks, opaquePorts, detectTimeoutMs } = this.#defaults;
    return defaultServerPolicy(name, {
      ...{ clusterNetworks, detectTimeoutMs, opaque: opaquePorts.has(port) },
    });
  }

  /**
   * Connections that still have such a port's policy hear of no other one: they may do nothing more, and are ended. The
   * kernel is asked once: anybody can have room be made, and the proxy stands still meanwhile.
   */
  #makeRoom(): void {
    const unused = [...this.#ports].filter(
      ([port, { policy }]) => !this.#declared.has(port) && policy.followers.size === 0,
    );
    const listened = unused.length === 0 ? undefined : this.#defaults.listenedPorts();
    if (listened === undefined) return;
    for (const [port, { policy, watch }] of unused) {
      if (listened.has(port)) continue;
      watch.cancel();
      this.#ports.delete(port);
      policy.set(this.#default(port, "deny"));
      policy.isFollowed = false;
      for (const user of [...policy.users]) user.drain();
    }
  }

  stop(): void {
    for (const { watch } of this.#ports.values()) watch.cancel();
  }
}
