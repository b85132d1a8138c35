/** The series of one route of a policy: of its requests, and of what goes to its backends. */

import type { Labels } from "#lib/metrics/registry.ts";
import type { Metadata } from "../policy/client-policy.ts";
import { HostSeries } from "../telemetry/host-series.ts";
import { resourceLabels, routeLabels } from "../telemetry/labels.ts";
import type { RequestSeries } from "../telemetry/request-series.ts";
import type { RouteMetrics } from "../telemetry/route-metrics.ts";

/** Found once a policy, for all rules of the route. */
export class RouteCounts {
  readonly hosts: HostSeries;
  readonly #metrics: RouteMetrics;
  readonly #labels: Labels;

  constructor(
    metrics: RouteMetrics,
    { parent, route }: { readonly parent: Metadata; readonly route: Metadata },
    hostnames: boolean,
  ) {
    this.#metrics = metrics;
    this.#labels = { ...resourceLabels("parent", parent), ...routeLabels(route) };
    const ofHost = (hostname: string): RequestSeries => metrics.route(this.#labels, { hostname });
    this.hosts = new HostSeries(ofHost, hostnames);
  }

  backend(metadata: Metadata): RequestSeries {
    return this.#metrics.backend(this.#labels, resourceLabels("backend", metadata));
  }
}
