import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { frameMessage, MESSAGE_LIMIT_BYTES } from "#lib/grpc/framing.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { GrpcBed, type Outcome } from "./grpc-bed.ts";

const MIB = 1024 * 1024;
const ASK = frameMessage(
  toBinary(GetDestinationSchema, create(GetDestinationSchema, { path: "web" })),
);
const prefix = (flag: number, length: number): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes[0] = flag;
  bytes.writeUInt32BE(length, 1);
  return bytes;
};
/** Bytes of memory outside the collector's heap. */
const buffers = (): number => process.memoryUsage().arrayBuffers;

/** A well-formed call still goes through on the same connection. */
async function serves(bed: GrpcBed): Promise<void> {
  const before = bed.watching.size;
  const { stream, outcome } = bed.begin(ASK);
  stream.sendEnd(undefined);
  await bed.pair.run();
  expect([bed.watching.size - before, outcome.ended, bed.faults]).toEqual([1, false, []]);
}

test.each([
  ["a prefix cut short", prefix(0, 7).subarray(0, 3), {}, GrpcCode.INTERNAL],
  ["a message cut short", Buffer.concat([prefix(0, 7), Buffer.alloc(3)]), {}, GrpcCode.INTERNAL],
  ["more after the message", Buffer.concat([ASK, prefix(0, 9)]), {}, GrpcCode.INTERNAL],
  ["two messages", Buffer.concat([ASK, ASK]), {}, GrpcCode.INVALID_ARGUMENT],
  ["no message", Buffer.alloc(0), {}, GrpcCode.INVALID_ARGUMENT],
  ["compressed without an encoding", prefix(1, 2), {}, GrpcCode.INTERNAL],
  ["compressed as identity", prefix(1, 2), { "grpc-encoding": "identity" }, GrpcCode.INTERNAL],
  ["compressed by gzip", prefix(1, 2), { "grpc-encoding": "gzip" }, GrpcCode.UNIMPLEMENTED],
  ["a flag that means nothing", prefix(2, 0), {}, GrpcCode.INTERNAL],
])("B30: %s ends its call and nothing else", async (_, body, headers, code) => {
  const bed = new GrpcBed();
  const outcome = await bed.call(body, headers as Readonly<Record<string, string>>);
  expect([outcome.httpStatus, outcome.grpcStatus, outcome.ended]).toEqual([
    200,
    String(code),
    true,
  ]);
  await serves(bed);
});

test("B31: a message over 4 MiB is refused at its prefix, one of 4 MiB is read", async () => {
  const bed = new GrpcBed();
  const { outcome } = bed.begin(prefix(0, MESSAGE_LIMIT_BYTES + 1));
  await bed.pair.run();
  expect(outcome.grpcStatus).toBe(String(GrpcCode.RESOURCE_EXHAUSTED));
  const longest = await bed.call(frameMessage(Buffer.alloc(MESSAGE_LIMIT_BYTES)));
  // Zeros are no message of protobuf: it was read whole and handed on.
  expect(longest.grpcStatus).toBe(String(GrpcCode.INVALID_ARGUMENT));
  await serves(bed);
});

test("B31: messages without end are refused at the second one", async () => {
  const bed = new GrpcBed();
  const { outcome } = bed.begin(Buffer.concat([ASK, ASK]));
  await bed.pair.run();
  expect([outcome.grpcStatus, outcome.ended, bed.connection.activeStreams]).toEqual([
    String(GrpcCode.INVALID_ARGUMENT),
    true,
    0,
  ]);
});

test("B31: a hundred calls that announce 4 MiB and send a byte cost no more than they send", async () => {
  const bed = new GrpcBed();
  await bed.pair.run();
  Bun.gc(true);
  const before = buffers();
  for (let i = 0; i < 100; i++) bed.begin(Buffer.concat([prefix(0, MESSAGE_LIMIT_BYTES), ASK]));
  await bed.pair.run();
  Bun.gc(true);
  expect(buffers() - before).toBeLessThan(4 * MIB);
});

test("B31: a compression bomb is refused unread", async () => {
  const bed = new GrpcBed();
  const bomb = gzipSync(Buffer.alloc(64 * MIB));
  const body = Buffer.concat([prefix(1, bomb.length), bomb.subarray(0, 16_000)]);
  const before = buffers();
  const { outcome } = bed.begin(body, { "grpc-encoding": "gzip" });
  await bed.pair.run();
  expect(outcome.grpcStatus).toBe(String(GrpcCode.UNIMPLEMENTED));
  expect(buffers() - before).toBeLessThan(4 * MIB);
});

/** Field 5 of any message, `depth` messages or groups deep. */
function nested(depth: number, kind: "message" | "group"): Buffer {
  if (kind === "group")
    return Buffer.concat([Buffer.alloc(depth, 0x2b), Buffer.alloc(depth, 0x2c)]);
  let bytes = Buffer.alloc(0);
  for (let i = 0; i < depth; i++) {
    const length = bytes.length;
    const varint = [(length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14];
    bytes = Buffer.concat([Buffer.from([0x2a, ...varint]), bytes]);
  }
  return bytes;
}

test.each([
  ["random bytes", Buffer.from("ffffffffffffffffffffff", "hex"), GrpcCode.INVALID_ARGUMENT],
  ["a length beyond the end", Buffer.from("12ff01", "hex"), GrpcCode.INVALID_ARGUMENT],
  ["groups 10,000 levels deep", nested(10_000, "group"), GrpcCode.INVALID_ARGUMENT],
  ["messages 10,000 levels deep in an unknown field", nested(10_000, "message"), undefined],
  ["unknown fields", Buffer.from("f83f01fa3f026869", "hex"), undefined],
  [
    "an unknown field with a number that may be an enum's",
    Buffer.from("f83fff7f", "hex"),
    undefined,
  ],
])("B32: %s", async (_, message, code) => {
  const bed = new GrpcBed();
  const outcome = await bed.call(frameMessage(message));
  expect([outcome.grpcStatus, bed.watching.size]).toEqual(
    code === undefined ? [undefined, 1] : [String(code), 0],
  );
  await serves(bed);
});

test.each([
  "",
  "1",
  "soon",
  "-1S",
  "1.5S",
  "123456789S",
  "1S1S",
  "99999999H",
  `${"9".repeat(9000)}S`,
])("B33: grpc-timeout %p does not end a call", async (timeout) => {
  const bed = new GrpcBed();
  const outcome = await bed.call(ASK, { "grpc-timeout": timeout });
  // Pings of keep-alive are answered in between.
  for (let i = 0; i < 20; i++) {
    bed.clock.advance(1000);
    await bed.pair.run();
  }
  expect([outcome.ended, bed.watching.size]).toEqual([false, 1]);
});

test("B33: a deadline that has passed ends the call on both sides", async () => {
  const bed = new GrpcBed();
  const outcome = await bed.call(ASK, { "grpc-timeout": "250m" });
  expect([outcome.ended, bed.watching.size]).toEqual([false, 1]);
  bed.clock.advance(250);
  await bed.pair.run();
  expect([outcome.grpcStatus, bed.watching.size, bed.cancelled]).toEqual([
    String(GrpcCode.DEADLINE_EXCEEDED),
    0,
    1,
  ]);
  await serves(bed);
});

test("B34: pings without end are answered with GOAWAY, and only that connection ends", async () => {
  const [attacked, other] = [new GrpcBed(), new GrpcBed()];
  await attacked.pair.run();
  const ping = Buffer.from("0000080600000000000000000000000000", "hex");
  for (let i = 0; i < 10; i++) attacked.pair.a.write(Buffer.concat(Array(500).fill(ping)));
  await attacked.pair.run();
  const sent = Buffer.concat(attacked.pair.b.writes);
  const goAway = sent.lastIndexOf(Buffer.from([7, 0, 0, 0, 0, 0]));
  expect([goAway > 0, sent.readUInt32BE(goAway + 10)]).toEqual([true, ErrorCode.ENHANCE_YOUR_CALM]);
  expect([attacked.pair.b.ended, other.pair.b.ended]).toEqual([true, false]);
  await serves(other);
});

test("B35: a watcher that reads nothing costs a bounded amount, and others get the newest at once", async () => {
  const [stuck, other] = [new GrpcBed(), new GrpcBed()];
  await stuck.call(ASK);
  const watcher = await other.call(ASK);
  stuck.pair.a.pause();
  stuck.pair.b.highWaterBytes = 64 * 1024;
  const update = (i: number): Uint8Array => frameMessage(Buffer.alloc(10_000, i));
  for (let i = 0; i < 2000; i++) {
    for (const bed of [stuck, other])
      for (const call of bed.watching.keys()) call.send(update(i & 255));
    if (i % 100 === 0) await other.pair.run();
  }
  await other.pair.run();
  expect(watcher.data.at(-1)).toBe(1999 & 255);
  expect(stuck.pair.b.queuedBytes).toBeLessThan(256 * 1024);
  // It is asked for a sign of life, gives none, and is gone; whoever feeds it is told.
  for (let i = 0; i < 60; i++) {
    stuck.clock.advance(250);
    other.clock.advance(250);
    await Promise.all([stuck.pair.run(), other.pair.run()]);
  }
  expect([stuck.pair.b.closed, stuck.watching.size, other.watching.size]).toEqual([true, 0, 1]);
});

/** Opens 50 watches and drops them. */
async function openAndDrop(bed: GrpcBed): Promise<void> {
  const calls = Array.from({ length: 50 }, () => bed.begin(ASK));
  for (const { stream } of calls) stream.sendEnd(undefined);
  await bed.pair.run();
  for (const { stream } of calls) stream.resetRequest(ErrorCode.CANCEL);
  await bed.pair.run();
}

test("B36: 10,000 watches that are opened and dropped leave nothing", async () => {
  let cancelled = 0;
  for (let i = 0; i < 20; i++) {
    const bed = new GrpcBed();
    await bed.pair.run();
    for (let round = 0; round < 10; round++) await openAndDrop(bed);
    expect([bed.watching.size, bed.connection.activeStreams]).toEqual([0, 0]);
    cancelled += bed.cancelled;
    await serves(bed);
  }
  expect(cancelled).toBe(10_000);
});

test("B36: one connection may not open and drop without end", async () => {
  const bed = new GrpcBed();
  await bed.pair.run();
  for (let i = 0; i < 40 && bed.connection.available; i++) await openAndDrop(bed);
  expect([bed.connection.available, bed.pair.b.ended, bed.watching.size]).toEqual([false, true, 0]);
});

test.each(["application/json", "application/grpc-web", "text/plain", "", "grpc"])(
  "B37: content-type %p is answered 415",
  async (contentType) => {
    const bed = new GrpcBed();
    const outcome = await bed.call(ASK, { "content-type": contentType });
    expect([outcome.httpStatus, outcome.grpcStatus, outcome.ended]).toEqual([415, undefined, true]);
    await serves(bed);
  },
);

test("B38: a stream whose caller has half-closed lives for hours", async () => {
  const bed = new GrpcBed();
  const outcome: Outcome = await bed.call(ASK);
  for (let second = 0; second < 5 * 3600; second += 10) {
    bed.clock.advance(10_000);
    await bed.pair.run();
  }
  const [call] = bed.watching.keys();
  call?.send(ASK);
  await bed.pair.run();
  expect([outcome.ended, outcome.data.length]).toEqual([false, ASK.length]);
});
