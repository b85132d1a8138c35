/** The policy of each destination, cached while it is used. */

import { formatSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import type { Backend, ClientPolicy, Metadata, Route, Rule } from "../policy/client-policy.ts";
import type { ClientDiscovery, Watch } from "../policy/discover.ts";
import type { RouteTable } from "../policy/route-match.ts";
import { prepareRoutes } from "../policy/route-table.ts";
import { targetLabels } from "../telemetry/labels.ts";
import type { TcpScope } from "../telemetry/tcp-metrics.ts";
import type { DirectionConfig } from "../transport/direction-config.ts";
import type { Runtime } from "../transport/runtime.ts";
import { Balancer } from "./balancer.ts";

/** A rule whose backends are resolved to their balancers. */
export interface ResolvedRule {
  readonly metadata: Metadata;
  readonly backends: readonly {
    readonly balancer: Balancer | undefined;
    readonly message: string;
    readonly weight: number;
  }[];
  readonly totalWeight: number;
}

/** How connections to a destination are spoken, with routes ready to use. */
export interface ResolvedPolicy {
  readonly type: ClientPolicy["protocol"]["type"];
  readonly timeoutMs: number;
  readonly http1: RouteTable<ResolvedRule>;
  readonly http2: RouteTable<ResolvedRule>;
  readonly opaque: readonly ResolvedRule[];
}

const NO_ROUTES: RouteTable<ResolvedRule> = prepareRoutes([]);

/** A destination somebody connects to. */
export class Destination {
  /** Counts the connections that the application makes to it. */
  readonly clients: TcpScope;
  policy: ResolvedPolicy | undefined;
  users = 0;
  watch: Watch | undefined;
  idle: { cancel(): void } | undefined;
  readonly paths: Set<string> = new Set();
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
}

interface SharedBalancer {
  readonly balancer: Balancer;
  readonly watch: Watch | undefined;
  users: number;
}

/** All destinations in use, by address; balancers are shared by what discovery calls them. */
export class Destinations {
  readonly #options: DestinationOptions;
  readonly #byAddr = new Map<string, Destination>();
  readonly #balancers = new Map<string, SharedBalancer>();

  constructor(options: DestinationOptions) {
    this.#options = options;
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
      for (const path of destination.paths) this.#releaseBalancer(path);
    });
  }

  #follow(destination: Destination, addr: SocketAddr): void {
    destination.watch = this.#options.discovery.watchPolicy(addr, (policy) => {
      const before = new Set(destination.paths);
      destination.paths.clear();
      destination.known(this.#resolve(policy, destination));
      for (const path of before) this.#releaseBalancer(path);
    });
  }

  #resolve({ protocol }: ClientPolicy, destination: Destination): ResolvedPolicy {
    const rules = (routes: readonly Route[]): ResolvedRule[] =>
      routes.flatMap(({ metadata, rules: all }) =>
        all.map((rule) => this.#resolveRule(rule, metadata, destination)),
      );
    const table = (routes: readonly Route[]): RouteTable<ResolvedRule> =>
      prepareRoutes(
        routes.map((route) => ({
          hosts: route.hosts,
          rules: route.rules.map((rule) => ({
            matches: rule.matches,
            target: this.#resolveRule(rule, route.metadata, destination),
          })),
        })),
      );
    const nothing = { timeoutMs: 0, http1: NO_ROUTES, http2: NO_ROUTES, opaque: [] };
    switch (protocol.type) {
      case "detect":
        return {
          type: "detect",
          timeoutMs: protocol.timeoutMs,
          http1: table(protocol.http1),
          http2: table(protocol.http2),
          opaque: rules(protocol.opaque),
        };
      case "http1":
      case "http2":
      case "grpc": {
        const http = table(protocol.routes);
        return { ...nothing, type: protocol.type, http1: http, http2: http };
      }
      case "opaque":
      case "tls":
        return { ...nothing, type: protocol.type, opaque: rules(protocol.routes) };
      case "forbidden":
      case "invalid":
        return { ...nothing, type: protocol.type };
    }
  }

  #resolveRule({ backends }: Rule, metadata: Metadata, destination: Destination): ResolvedRule {
    const resolved = backends.map(({ backend, weight }) => ({
      ...this.#resolveBackend(backend, destination),
      weight,
    }));
    const totalWeight = resolved.reduce((total, { weight }) => total + weight, 0);
    return { metadata, backends: resolved, totalWeight };
  }

  #resolveBackend(
    backend: Backend,
    destination: Destination,
  ): { balancer: Balancer | undefined; message: string } {
    const { target } = backend;
    switch (target.type) {
      case "fail":
        return { balancer: undefined, message: target.message };
      case "balancer":
        return { balancer: this.#acquireBalancer(target.path, backend, destination), message: "" };
      case "forward": {
        const key = `forward ${JSON.stringify(target.endpoint)}`;
        return { balancer: this.#acquireBalancer(key, backend, destination), message: "" };
      }
    }
  }

  #acquireBalancer(key: string, backend: Backend, destination: Destination): Balancer {
    let shared = this.#balancers.get(key);
    if (shared === undefined) {
      shared = this.#createBalancer(backend);
      this.#balancers.set(key, shared);
    }
    if (!destination.paths.has(key)) {
      destination.paths.add(key);
      shared.users++;
    }
    return shared.balancer;
  }

  #createBalancer({ target, queueCapacity, failfastMs }: Backend): SharedBalancer {
    const load = target.type === "balancer" ? target : { defaultRttMs: 30, decayMs: 10_000 };
    const balancer = new Balancer({ ...this.#options, ...load, queueCapacity, failfastMs });
    if (target.type === "forward") balancer.update({ type: "add", endpoints: [target.endpoint] });
    const watch =
      target.type === "balancer"
        ? this.#options.discovery.watchEndpoints(target.path, (update) => balancer.update(update))
        : undefined;
    return { balancer, watch, users: 0 };
  }

  #releaseBalancer(key: string): void {
    const shared = this.#balancers.get(key);
    if (shared === undefined || --shared.users > 0) return;
    shared.watch?.cancel();
    shared.balancer.retire();
    this.#balancers.delete(key);
  }
}
