/** The policy of each destination, cached while it is used. */

import { formatSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { ClientPolicy } from "../policy/client-policy.ts";
import type { ClientDiscovery, ServiceName, Watch } from "../policy/discover.ts";
import { targetLabels } from "../telemetry/labels.ts";
import type { OutboundFamilies } from "../telemetry/outbound-families.ts";
import type { TcpScope } from "../telemetry/tcp-metrics.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import type { Runtime } from "../transport/runtime.ts";
import { BalancerUses } from "./balancer-uses.ts";
import { Balancers } from "./balancers.ts";
import { PolicyCounts } from "./policy-counts.ts";
import { type PolicyParts, type ResolvedPolicy, resolvePolicy } from "./resolved.ts";
import { Retries } from "./retries.ts";

/** Names that are followed at most, as requests may make them up; what is beyond is refused. */
export const NAMES_LIMIT = 1024;

/** So many milliseconds a request waits until it is known how its destination is spoken to. */
interface Patience {
  readonly clock: Clock;
  readonly failfastMs: number;
}

/** A destination that is used. */
export class Destination {
  policy: ResolvedPolicy | undefined;
  users = 0;
  watch: Watch | undefined;
  idle: { cancel(): void } | undefined;
  /** The balancers that its policy uses. */
  readonly balancers: Set<string> = new Set();
  /** What is counted by its policy. */
  counts: PolicyCounts | undefined;
  /** Takes it out of the cache. */
  readonly forget: () => void;
  readonly #patience: Patience;
  readonly #waiting = new Set<() => void>();

  constructor(forget: () => void, patience: Patience) {
    this.forget = forget;
    this.#patience = patience;
  }

  /** Calls back once there is a policy, at once where there is; what is returned is for whoever no longer waits. */
  whenKnown(wake: () => void): () => void {
    if (this.policy !== undefined) wake();
    else this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  /** The same within a time that queues have; later, `onLate` is called instead. */
  whenKnownSoon(wake: () => void, onLate: () => void): void {
    const { clock, failfastMs } = this.#patience;
    const late = clock.after(failfastMs, () => {
      this.#waiting.delete(soon);
      onLate();
    });
    const soon = (): void => {
      late.cancel();
      wake();
    };
    this.whenKnown(soon);
  }

  known(policy: ResolvedPolicy): void {
    this.policy = policy;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** One that connections are made to, by its address. */
export class DialledDestination extends Destination {
  /** Counts the connections that the application makes to it. */
  readonly clients: TcpScope;

  constructor(forget: () => void, patience: Patience, clients: TcpScope) {
    super(forget, patience);
    this.clients = clients;
  }
}

/** What the cache needs. */
export interface DestinationOptions {
  readonly runtime: Runtime;
  readonly config: DirectionConfig & { readonly hostnameLabels: boolean };
  readonly discovery: ClientDiscovery;
  readonly localIps: ReadonlySet<string>;
  readonly families: OutboundFamilies;
}

/** All destinations in use, by address or by name. */
export class Destinations {
  readonly #options: DestinationOptions;
  readonly #byAddr = new Map<string, DialledDestination>();
  readonly #byName = new Map<string, Destination>();
  readonly #balancers: Balancers;
  readonly #retries: Retries;
  readonly #patience: Patience;
  readonly #uses: BalancerUses;

  constructor(options: DestinationOptions) {
    this.#options = options;
    const { runtime, config } = options;
    this.#patience = { clock: runtime.clock, failfastMs: config.httpQueue.failfastMs };
    this.#balancers = new Balancers(options);
    this.#uses = new BalancerUses(options.runtime.clock, options.families);
    this.#retries = new Retries(options);
  }

  /** Takes the destination of an address into use; `release` when done. */
  acquire(addr: SocketAddr): DialledDestination {
    const key = formatSocketAddr(addr);
    let destination = this.#byAddr.get(key);
    if (destination === undefined) {
      const forget = (): void => void this.#byAddr.delete(key);
      destination = new DialledDestination(forget, this.#patience, this.clientsOf(addr));
      this.#byAddr.set(key, destination);
      this.#follow(destination, addr, (onPolicy) =>
        this.#options.discovery.watchPolicy(addr, onPolicy),
      );
    }
    return take(destination);
  }

  /** Takes the destination of a name into use; undefined where too many are in use. */
  acquireNamed(name: ServiceName): Destination | undefined {
    const key = `${name.host}:${name.port}`;
    let destination = this.#byName.get(key);
    if (destination === undefined) {
      if (this.#byName.size >= NAMES_LIMIT) return undefined;
      destination = new Destination(() => void this.#byName.delete(key), this.#patience);
      this.#byName.set(key, destination);
      this.#follow(destination, { ip: "", port: name.port }, (onPolicy) =>
        this.#options.discovery.watchNamed(name, onPolicy),
      );
    }
    return take(destination);
  }

  /** Counts the connections that the application makes to an address. */
  clientsOf(addr: SocketAddr): TcpScope {
    return this.#options.runtime.tcp.scope(
      { peer: "src", direction: "outbound", tls: "no_identity", no_tls_reason: "loopback" },
      targetLabels(addr),
    );
  }

  /** A destination that nobody uses is forgotten after a while. */
  release(destination: Destination): void {
    if (--destination.users > 0) return;
    const { clock } = this.#options.runtime;
    destination.idle = clock.after(this.#options.config.discoveryIdleMs, () => {
      destination.watch?.cancel();
      destination.forget();
      destination.counts?.release();
      for (const key of destination.balancers) this.#balancers.release(key);
    });
  }

  #follow(
    destination: Destination,
    target: SocketAddr,
    watch: (onPolicy: (policy: ClientPolicy) => void) => Watch,
  ): void {
    destination.watch = watch((policy) => {
      const before = new Set(destination.balancers);
      destination.balancers.clear();
      const acquire: PolicyParts["acquire"] = (backend, accrual) =>
        this.#balancers.acquire(backend, accrual, destination.balancers);
      const { families, config } = this.#options;
      const { hostnameLabels: hostnames } = config;
      const countsBefore = destination.counts;
      const counts = new PolicyCounts(
        { families, hostnames, target, uses: this.#uses },
        policy.metadata,
      );
      destination.counts = counts;
      const retries: PolicyParts["retries"] = (...of) => this.#retries.of(...of);
      destination.known(resolvePolicy(policy, { acquire, retries, counts }));
      countsBefore?.release();
      for (const key of before) this.#balancers.release(key);
    });
  }
}

function take<D extends Destination>(destination: D): D {
  destination.idle?.cancel();
  destination.idle = undefined;
  destination.users++;
  return destination;
}
