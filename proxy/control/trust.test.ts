import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { TrustBundleSchema } from "#lib/api/gen/identity/v1/trust_pb.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import type { WatchRequest } from "./channel.ts";
import { UNKNOWN_RETRY_MS, watchTrust } from "./trust.ts";

function setUp() {
  const clock = new FakeClock();
  const opened: WatchRequest[] = [];
  const seen: string[] = [];
  let cancelled = 0;
  const watch = watchTrust({
    channel: {
      watch: (request) => {
        opened.push(request);
        return { cancel: () => cancelled++ };
      },
    },
    clock,
    random: () => 0.5,
    onBundle: ({ generation }) => seen.push(generation),
    onRefused: (error) => seen.push((error as { code: string }).code),
  });
  return { clock, opened, seen, watch, cancelled: () => cancelled };
}

const message = (...anchors: readonly Uint8Array[]): Uint8Array =>
  toBinary(TrustBundleSchema, create(TrustBundleSchema, { anchors: [...anchors] }));

test("watchTrust() tells bundles, and what is none, and goes on", () => {
  const { opened, seen, watch, cancelled } = setUp();
  const { anchorsPem } = new FakeAuthority();
  const { raw } = new X509Certificate(anchorsPem);
  for (const each of [message(), message(Uint8Array.of(1)), Uint8Array.of(0xff), message(raw)])
    opened[0]?.onMessage(each);
  const { generation } = readTrustBundle(anchorsPem);
  expect(seen).toEqual(["empty", "unreadable", "truncated", generation]);
  watch.cancel();
  expect([opened.length, cancelled()]).toEqual([1, 1]);
});

test("watchTrust() asks a service that does not know the stream again after a while, until cancelled", () => {
  const { clock, opened, watch, cancelled } = setUp();
  expect(opened[0]?.final.has(GrpcCode.UNIMPLEMENTED)).toBe(true);
  expect(opened[0]?.final.has(GrpcCode.UNAVAILABLE)).toBe(false);
  opened[0]?.onFinal?.(GrpcCode.UNIMPLEMENTED);
  expect(clock.nextMs).toBe(UNKNOWN_RETRY_MS * 1.05);
  clock.advance(UNKNOWN_RETRY_MS * 1.05);
  expect(opened).toHaveLength(2);
  opened[1]?.onFinal?.(GrpcCode.UNIMPLEMENTED);
  watch.cancel();
  expect([clock.nextMs, cancelled()]).toEqual([undefined, 0]);
});
