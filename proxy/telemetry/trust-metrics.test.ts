import { expect, test } from "bun:test";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { TrustMetrics } from "./trust-metrics.ts";

test("TrustMetrics says what holds now, and nothing of what held before", () => {
  const registry = new Registry();
  const metrics = new TrustMetrics(registry);
  const [old, now] = [1, 2].map(() => readTrustBundle(new FakeAuthority().anchorsPem));
  if (old === undefined || now === undefined) throw new Error("Cannot make bundles");
  metrics.holds(old);
  metrics.shows("abc");
  metrics.holds(now);
  metrics.shows(undefined);
  metrics.came("refused");
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
    `control_identity_trust_bundle_info{generation="${now.generation}"} 1`,
    "control_identity_trust_anchors 1",
    'control_identity_cert_anchor_info{anchor=""} 1',
    'control_identity_trust_bundle_updates_total{result="refused"} 1',
  ]);
});
