/** Whom the proxy believes, beside Linkerd's metrics of its certificate (MET41). */

import type { TrustBundle } from "#lib/identity/trust-bundle.ts";
import type { Gauge } from "#lib/metrics/gauge.ts";
import type { Family, Registry } from "#lib/metrics/registry.ts";

/** Gauges of the trust bundle and of the anchor that our certificate leads to. */
export class TrustMetrics {
  readonly #registry: Registry;
  readonly #generation: Family<Gauge>;
  readonly #anchors: Gauge;
  readonly #own: Family<Gauge>;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#generation = registry.gauge(
      "control_identity_trust_bundle_info",
      "The generation of the trust bundle that this proxy verifies its peers by.",
    );
    this.#anchors = registry
      .gauge("control_identity_trust_anchors", "Trust anchors in this proxy's trust bundle.")
      .with();
    this.#own = registry.gauge(
      "control_identity_cert_anchor_info",
      "The trust anchor that this proxy's certificate leads to; empty where its bundle has none.",
    );
  }

  /** What holds now. */
  holds({ generation, anchors }: TrustBundle): void {
    this.#generation.clear();
    this.#generation.with({ generation }).set(1);
    this.#anchors.set(anchors.length);
  }

  /** The anchor of the certificate that the proxy shows now; undefined where no anchor of its bundle issued it. */
  shows(anchor: string | undefined): void {
    this.#own.clear();
    this.#own.with({ anchor: anchor ?? "" }).set(1);
  }

  /** A bundle came. */
  came(result: "ok" | "refused"): void {
    this.#registry
      .counter("control_identity_trust_bundle_updates_total", "Trust bundles that came, by result.")
      .with({ result })
      .increment();
  }
}
