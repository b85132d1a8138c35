/** The Trust API: the anchors that hold, to every proxy that watches (`bunkerd.identity.v1.Trust`). */

import { create, toBinary } from "@bufbuild/protobuf";
import { TrustBundleSchema } from "#lib/api/gen/identity/v1/trust_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import type { CallHandler, ServerCall } from "#lib/grpc/server.ts";
import type { TrustBundle } from "#lib/identity/trust-bundle.ts";
import type { Gauge } from "#lib/metrics/gauge.ts";
import type { Family, Registry } from "#lib/metrics/registry.ts";

/** Whoever watches the trust bundle: one encoded message goes to all, and none before there is a bundle. */
export class TrustWatchers {
  readonly #calls = new Set<ServerCall>();
  readonly #generation: Family<Gauge>;
  readonly #anchors: Gauge;
  #framed: Uint8Array | undefined;

  constructor(registry: Registry) {
    this.#generation = registry.gauge(
      "identity_trust_bundle_info",
      "The generation of the trust bundle that proxies are told.",
    );
    this.#anchors = registry
      .gauge("identity_trust_anchors", "Trust anchors in the bundle that proxies are told.")
      .with();
  }

  /** Handles calls of `Watch`. */
  readonly watch: CallHandler = (call) => {
    this.#calls.add(call);
    call.onCancel = () => {
      this.#calls.delete(call);
    };
    if (this.#framed !== undefined) call.send(this.#framed);
  };

  /** Tells all of a bundle; the same bytes are not sent again. */
  publish({ generation, anchors }: TrustBundle): void {
    this.#generation.clear();
    this.#generation.with({ generation }).set(1);
    this.#anchors.set(anchors.length);
    const ders = anchors.map(({ raw }) => Uint8Array.from(raw));
    const message = create(TrustBundleSchema, { generation, anchors: ders });
    const framed = frameMessage(toBinary(TrustBundleSchema, message));
    if (this.#framed !== undefined && Buffer.compare(framed, this.#framed) === 0) return;
    this.#framed = framed;
    for (const call of this.#calls) call.send(framed);
  }
}
