import { expect, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { TrustBundleSchema } from "#lib/api/gen/identity/v1/trust_pb.ts";
import { createTrustBundle, readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { FakeCall } from "../../test/fake/server-call.ts";
import { TrustWatchers } from "./trust.ts";

const [one, two] = [new FakeAuthority("same"), new FakeAuthority("same")];
const first = readTrustBundle(one.anchorsPem);
const both = readTrustBundle(one.anchorsPem + two.anchorsPem);
const generations = (call: FakeCall): string[] =>
  call.take().map((bytes) => {
    const { generation, anchors } = fromBinary(TrustBundleSchema, bytes);
    expect(createTrustBundle(anchors).generation).toBe(generation);
    return generation;
  });

test("TrustWatchers tells the bundle that holds, then each change once, to all who still watch", () => {
  const registry = new Registry();
  const watchers = new TrustWatchers(registry);
  const [early, late, gone] = [1, 2, 3].map(() => new FakeCall(new Uint8Array(0))) as [
    FakeCall,
    FakeCall,
    FakeCall,
  ];
  watchers.watch(early);
  expect(generations(early)).toEqual([]);
  watchers.publish(first);
  watchers.watch(late);
  watchers.watch(gone);
  expect([early, late, gone].flatMap(generations)).toEqual(Array(3).fill(first.generation));
  gone.onCancel();
  watchers.publish(readTrustBundle(`\n${one.anchorsPem}`));
  watchers.publish(both);
  expect([early, late, gone].flatMap(generations)).toEqual(Array(2).fill(both.generation));
  const metrics = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  expect(metrics.split("\n").filter((line) => !line.startsWith("#"))).toEqual([
    `identity_trust_bundle_info{generation="${both.generation}"} 1`,
    "identity_trust_anchors 2",
    "",
  ]);
});
