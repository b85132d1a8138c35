/** The series of one policy: of its connections, of its routes' requests, and of what goes to their backends. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { Counter } from "#lib/metrics/counter.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import type { ClientProtocol, Metadata } from "../policy/client-policy.ts";
import type { ProfileRule } from "../policy/profile-rule.ts";
import type { Detections } from "../telemetry/detect-metrics.ts";
import { HostSeries, hostnameOf } from "../telemetry/host-series.ts";
import { resourceLabels, routeLabels } from "../telemetry/labels.ts";
import type { OutboundFamilies } from "../telemetry/outbound-families.ts";
import type { ProfileSeries } from "../telemetry/profile-metrics.ts";
import type { RequestSeries } from "../telemetry/request-series.ts";
import type { TransportSeries } from "../telemetry/transport-metrics.ts";
import type { Balancer } from "./balancer.ts";
import type { BalancerKind, BalancerUse, BalancerUses } from "./balancer-uses.ts";

/** What is counted of one route's requests, by all its rules. */
export interface RouteCounts {
  readonly hosts: HostSeries<RequestSeries>;
  backend(metadata: Metadata): RequestSeries;
}

/** Where counts go, and of what. */
export interface PolicyCountsOptions {
  readonly families: OutboundFamilies;
  readonly uses: BalancerUses;
  /** Whether host names are told apart. */
  readonly hostnames: boolean;
  /** The destination that the policy is of: its address is empty where it was asked for by name. */
  readonly target: SocketAddr;
}

/** Finds series; all of them once, when the policy comes. */
export class PolicyCounts {
  readonly #options: PolicyCountsOptions;
  readonly #parent: Labels;
  readonly #made: BalancerUse[] = [];

  constructor(options: PolicyCountsOptions, parent: Metadata) {
    this.#options = options;
    this.#parent = resourceLabels("parent", parent);
  }

  /** Connections by what they are configured to speak. */
  connections(type: ClientProtocol["type"]): Counter {
    return this.#options.families.protocols.of(type, this.#parent);
  }

  detections(): Detections {
    return this.#options.families.detect.of(this.#parent);
  }

  /** What is told of the balancer of a backend. */
  use(kind: BalancerKind, balancer: Balancer, metadata: Metadata): BalancerUse {
    const labels = { ...this.#parent, ...resourceLabels("backend", metadata) };
    const use = this.#options.uses.use(kind, balancer, labels);
    this.#made.push(use);
    return use;
  }

  /** The policy holds no longer. */
  release(): void {
    for (const use of this.#made) use.release();
  }

  route(kind: "http" | "grpc", route: Metadata): RouteCounts {
    const metrics = this.#options.families.routes[kind];
    const labels = { ...this.#parent, ...routeLabels(route) };
    const ofHost = (authority: string): RequestSeries =>
      metrics.route(labels, { hostname: hostnameOf(authority) });
    return {
      hosts: new HostSeries(ofHost, this.#options.hostnames),
      backend: (metadata) => metrics.backend(labels, resourceLabels("backend", metadata)),
    };
  }

  /** Requests of a ServiceProfile's route. */
  profile(rule: ProfileRule): ProfileSeries {
    return this.#options.families.profiles.of("outbound", rule);
  }

  /** Connections of a route of bytes, or of TLS by the name that it asks for. */
  transport(kind: "tcp" | "tls", route: Metadata): HostSeries<TransportSeries> {
    const { families, hostnames, target } = this.#options;
    const metrics = families.transport[kind];
    const labels = { ...this.#parent, ...routeLabels(route) };
    if (kind === "tls")
      return new HostSeries(
        (name) => metrics.of(labels, { hostname: hostnameOf(name) }),
        hostnames,
      );
    const addr = { target_ip: target.ip, target_port: String(target.port) };
    return new HostSeries(() => metrics.of(labels, addr), false);
  }
}
