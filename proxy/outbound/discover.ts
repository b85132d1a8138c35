/** The policy of each destination, cached while it is used. */

import { formatSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import type { ClientDiscovery, Watch } from "../policy/discover.ts";
import { targetLabels } from "../telemetry/labels.ts";
import type { RetryFamilies } from "../telemetry/retry-metrics.ts";
import type { TcpScope } from "../telemetry/tcp-metrics.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import type { Runtime } from "../transport/runtime.ts";
import { Balancers } from "./balancers.ts";
import { type PolicyParts, type ResolvedPolicy, resolvePolicy } from "./resolved.ts";
import { Retries } from "./retries.ts";

/** A destination somebody connects to. */
export class Destination {
  /** Counts the connections that the application makes to it. */
  readonly clients: TcpScope;
  policy: ResolvedPolicy | undefined;
  users = 0;
  watch: Watch | undefined;
  idle: { cancel(): void } | undefined;
  /** The balancers that its policy uses. */
  readonly balancers: Set<string> = new Set();
  #waiting: (() => void)[] = [];

  constructor(clients: TcpScope) {
    this.clients = clients;
  }

  /** Calls back once there is a policy, at once where there is. */
  whenKnown(wake: () => void): void {
    if (this.policy !== undefined) wake();
    else this.#waiting.push(wake);
  }

  known(policy: ResolvedPolicy): void {
    this.policy = policy;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** What the cache needs. */
export interface DestinationOptions {
  readonly runtime: Runtime;
  readonly config: DirectionConfig;
  readonly discovery: ClientDiscovery;
  readonly localIps: ReadonlySet<string>;
  readonly retries: RetryFamilies;
}

/** All destinations in use, by address. */
export class Destinations {
  readonly #options: DestinationOptions;
  readonly #byAddr = new Map<string, Destination>();
  readonly #balancers: Balancers;
  readonly #retries: Retries;

  constructor(options: DestinationOptions) {
    this.#options = options;
    this.#balancers = new Balancers(options);
    this.#retries = new Retries(options.runtime, options.retries);
  }

  /** Takes the destination of an address into use; `release` when done. */
  acquire(addr: SocketAddr): Destination {
    const key = formatSocketAddr(addr);
    let destination = this.#byAddr.get(key);
    if (destination === undefined) {
      destination = new Destination(
        this.#options.runtime.tcp.scope(
          { peer: "src", direction: "outbound", tls: "no_identity", no_tls_reason: "loopback" },
          targetLabels(addr),
        ),
      );
      this.#byAddr.set(key, destination);
      this.#follow(destination, addr);
    }
    destination.idle?.cancel();
    destination.idle = undefined;
    destination.users++;
    return destination;
  }

  /** A destination that nobody uses is forgotten after a while. */
  release(destination: Destination, addr: SocketAddr): void {
    if (--destination.users > 0) return;
    const { clock } = this.#options.runtime;
    destination.idle = clock.after(this.#options.config.discoveryIdleMs, () => {
      destination.watch?.cancel();
      this.#byAddr.delete(formatSocketAddr(addr));
      for (const key of destination.balancers) this.#balancers.release(key);
    });
  }

  #follow(destination: Destination, addr: SocketAddr): void {
    destination.watch = this.#options.discovery.watchPolicy(addr, (policy) => {
      const before = new Set(destination.balancers);
      destination.balancers.clear();
      const acquire: PolicyParts["acquire"] = (backend, accrual) =>
        this.#balancers.acquire(backend, accrual, destination.balancers);
      const { clock } = this.#options.runtime;
      const retries: PolicyParts["retries"] = (...of) => this.#retries.of(...of);
      destination.known(resolvePolicy(policy, { acquire, clock, retries }));
      for (const key of before) this.#balancers.release(key);
    });
  }
}
