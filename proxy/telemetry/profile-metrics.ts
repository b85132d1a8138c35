/** Requests by the routes of ServiceProfiles: as clients see them, and with all tries (MET4, MET5). */

import type { Registry } from "#lib/metrics/registry.ts";
import type { ProfileRule } from "../policy/profile-rule.ts";
import { HttpMetrics, type HttpScope } from "./http-metrics.ts";

/** What is counted of one route. */
export interface ProfileSeries {
  readonly effective: HttpScope;
  /** Of each try; undefined where there is but one. */
  readonly actual: HttpScope | undefined;
  /** Which answers it calls failures; undefined: those that are by default. */
  readonly failures: ProfileRule["failures"];
}

/** The families of one proxy. */
export class ProfileMetrics {
  readonly #effective: HttpMetrics;
  readonly #actual: HttpMetrics;

  constructor(registry: Registry) {
    this.#effective = new HttpMetrics(registry, { prefix: "route_" });
    this.#actual = new HttpMetrics(registry, { prefix: "route_actual_", latency: false });
  }

  /** The series of a route; only outbound tries again. */
  of(direction: "inbound" | "outbound", { labels, failures }: ProfileRule): ProfileSeries {
    const all = { direction, ...labels };
    return {
      effective: this.#effective.scope(all),
      actual: direction === "outbound" ? this.#actual.scope(all) : undefined,
      failures,
    };
  }
}
