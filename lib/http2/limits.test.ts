import { describe, expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { INFORMATIONAL_LIMIT } from "#lib/http/semantics.ts";
import { frame, GET, Http2Rig, word } from "../../test/fake/http2-rig.ts";
import {
  BLOCK_LIMIT_BYTES,
  CONTINUATION_LIMIT,
  CONTROL_ALLOWANCE,
  REPLY_QUEUE_LIMIT,
  RESET_ALLOWANCE,
  WINDOW_UPDATES_PER_DATA,
} from "./budget.ts";
import { Flag, FrameType, MAX_FRAME_BYTES } from "./frame.ts";
import { ErrorCode } from "./http2-error.ts";
import { HTTP2_DEFAULTS } from "./http2-options.ts";
import { HELD_LIMIT_BYTES } from "./receive-windows.ts";
import { encodeSettings, SETTINGS_ENTRIES_LIMIT, SettingId } from "./settings.ts";
import type { Http2Stream } from "./stream.ts";

const { DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } =
  FrameType;
const END = Flag.END_STREAM;
const OK = { status: 200, version: "HTTP/2", headers: new HeaderList() } as const;
const times = (count: number, make: (i: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));
const calm = (rig: Http2Rig): boolean => {
  const code = rig.connection.failure?.code;
  expect(code ?? ErrorCode.ENHANCE_YOUR_CALM).toBe(ErrorCode.ENHANCE_YOUR_CALM);
  return code !== undefined;
};

describe("each limit holds, and one more ends the connection", () => {
  test("resets by the peer (rapid reset)", () => {
    const rig = new Http2Rig("server");
    const open = (i: number): Buffer =>
      Buffer.concat([rig.request(2 * i + 1, END), frame(RST_STREAM, 0, 2 * i + 1, word(8))]);
    rig.give(times(RESET_ALLOWANCE.burst, open));
    expect(calm(rig)).toBe(false);
    rig.give(open(RESET_ALLOWANCE.burst));
    expect(calm(rig)).toBe(true);
    expect(rig.take().at(-1)?.type).toBe(GOAWAY);
    expect(rig.connection.activeStreams).toBe(0);
  });

  test("resets that the peer makes us send (MadeYouReset)", () => {
    const rig = new Http2Rig("server");
    const open = (i: number): Buffer =>
      Buffer.concat([rig.request(2 * i + 1, END), frame(WINDOW_UPDATE, 0, 2 * i + 1, word(0))]);
    for (let i = 0; i < RESET_ALLOWANCE.burst; i++) {
      rig.give(open(i));
      rig.connection.sent();
    }
    expect(calm(rig)).toBe(false);
    rig.give(open(RESET_ALLOWANCE.burst));
    expect(calm(rig)).toBe(true);
  });

  test.each<[string, (rig: Http2Rig) => Buffer]>([
    ["PING", () => frame(PING, 0, 0, Buffer.alloc(8))],
    ["answers to no PING", () => frame(PING, Flag.ACK, 0, Buffer.alloc(8))],
    ["SETTINGS", () => frame(SETTINGS, 0, 0)],
    ["answers to no SETTINGS", () => frame(SETTINGS, Flag.ACK, 0)],
    ["GOAWAY", () => frame(GOAWAY, 0, 0, Buffer.alloc(8))],
    ["PRIORITY", () => frame(FrameType.PRIORITY, 0, 9, Buffer.alloc(5))],
    ["unknown frames", () => frame(77, 0, 0)],
    ["WINDOW_UPDATE", () => frame(WINDOW_UPDATE, 0, 0, word(1))],
    ["empty DATA", () => frame(DATA, 0, 1)],
    ["DATA of padding alone", () => frame(DATA, Flag.PADDED, 1, Buffer.from([0]))],
  ])("%s", (_, make) => {
    const rig = new Http2Rig("server");
    rig.give(rig.request(1, 0), rig.request(3, 0));
    // The settings' acknowledgement of the rig has spent one.
    for (let i = 1; i < CONTROL_ALLOWANCE.burst; i++) {
      rig.give(make(rig));
      rig.connection.sent();
    }
    expect(calm(rig)).toBe(false);
    rig.give(make(rig));
    expect(calm(rig)).toBe(true);
  });

  test("late HEADERS and empty DATA of a stream that was reset", () => {
    for (const late of [
      (rig: Http2Rig) => frame(HEADERS, Flag.END_HEADERS, 1, rig.block(["a", "b"])),
      () => frame(DATA, 0, 1),
    ]) {
      const rig = new Http2Rig("server");
      rig.give(rig.request(1, 0));
      const [stream] = rig.streams;
      if (stream !== undefined) rig.connection.reset(stream, ErrorCode.CANCEL);
      for (let i = 1; i < CONTROL_ALLOWANCE.burst; i++) rig.give(late(rig));
      expect(calm(rig)).toBe(false);
      rig.give(late(rig));
      expect(calm(rig)).toBe(true);
    }
  });

  test("WINDOW_UPDATEs for what was sent", () => {
    const rig = new Http2Rig("server");
    rig.give(rig.request(1, END));
    const [stream] = rig.streams;
    if (stream === undefined) throw new Error("no request");
    rig.connection.respond(stream, OK, false);
    for (let i = 0; i < 10; i++) rig.connection.send(stream, Buffer.from("x"));
    const free = 10 * WINDOW_UPDATES_PER_DATA + CONTROL_ALLOWANCE.burst - 1;
    rig.give(times(free, () => frame(WINDOW_UPDATE, 0, 0, word(1))));
    expect(calm(rig)).toBe(false);
    rig.give(frame(WINDOW_UPDATE, 0, 0, word(1)));
    expect(calm(rig)).toBe(true);
  });

  test("answers that wait to be read", () => {
    const rig = new Http2Rig("server");
    const ping = frame(PING, 0, 0, Buffer.alloc(8));
    rig.connection.sent();
    rig.give(times(REPLY_QUEUE_LIMIT, () => ping));
    expect(calm(rig)).toBe(false);
    expect(rig.types()).toHaveLength(REPLY_QUEUE_LIMIT);
    rig.give(ping);
    expect(calm(rig)).toBe(true);
    expect(rig.types()).toEqual([GOAWAY]);
  });

  test("entries of SETTINGS", () => {
    const entries = (count: number): Buffer =>
      frame(SETTINGS, 0, 0, encodeSettings(Array.from({ length: count }, () => [99, 1] as const)));
    const rig = new Http2Rig("server");
    rig.give(entries(SETTINGS_ENTRIES_LIMIT));
    expect(calm(rig)).toBe(false);
    rig.give(entries(SETTINGS_ENTRIES_LIMIT + 1));
    expect(calm(rig)).toBe(true);
  });

  test("CONTINUATION, by frames and by bytes", () => {
    const open = (rig: Http2Rig): void =>
      rig.give(frame(HEADERS, END, 1, rig.block([":method", "GET"])));
    const many = new Http2Rig("server");
    open(many);
    many.give(times(CONTINUATION_LIMIT - 1, () => frame(CONTINUATION, 0, 1)));
    expect(calm(many)).toBe(false);
    many.give(frame(CONTINUATION, 0, 1));
    expect(calm(many)).toBe(true);
    const long = new Http2Rig("server");
    long.give(frame(HEADERS, END, 1, Buffer.alloc(MAX_FRAME_BYTES)));
    const rest = BLOCK_LIMIT_BYTES / MAX_FRAME_BYTES - 1;
    long.give(times(rest, () => frame(CONTINUATION, 0, 1, Buffer.alloc(MAX_FRAME_BYTES))));
    expect(calm(long)).toBe(false);
    long.give(frame(CONTINUATION, 0, 1, Buffer.alloc(1)));
    expect(calm(long)).toBe(true);
  });
});

test("what paused streams hold closes the connection's window at its limit, until they let go", () => {
  const size = 65_536;
  const streams = HELD_LIMIT_BYTES / size + 20;
  const rig = new Http2Rig("server", { maxConcurrentStreams: 1000, streamWindowBytes: size });
  rig.give(times(streams, (i) => rig.request(2 * i + 1, 0)));
  for (const stream of rig.streams) rig.connection.pause(stream);
  rig.take();
  const fill = (i: number): Buffer =>
    times(size / MAX_FRAME_BYTES, () => frame(DATA, 0, 2 * i + 1, Buffer.alloc(MAX_FRAME_BYTES)));
  const credited = (): number => {
    const sent = rig.take();
    const before = sent.slice(
      0,
      sent.findIndex(({ type }) => type === GOAWAY),
    );
    return before
      .filter(({ type }) => type === WINDOW_UPDATE)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
  };
  let given = 0;
  for (let i = 0; i < streams && rig.connection.failure === undefined; i++, given++)
    rig.give(fill(i));
  // The last window goes beyond the limit, and no further.
  const held = rig.streams.reduce((sum, stream) => sum + stream.heldBytes, 0);
  expect(held).toBeLessThanOrEqual(HELD_LIMIT_BYTES + HTTP2_DEFAULTS.connectionWindowBytes);
  expect(rig.connection.failure?.code).toBe(ErrorCode.FLOW_CONTROL_ERROR);
  expect(given).toBeGreaterThan(HELD_LIMIT_BYTES / size);
  expect(credited()).toBeLessThanOrEqual(HELD_LIMIT_BYTES);
});

test("E19: responses that one client does not read leave the connection to the others", () => {
  const rig = new Http2Rig("client", { streamWindowBytes: HELD_LIMIT_BYTES * 2 });
  const stream = rig.connection.open(GET, true);
  rig.connection.pause(stream);
  rig.give(rig.response(1, 0, "200"));
  const frames = HELD_LIMIT_BYTES / MAX_FRAME_BYTES + 100;
  for (let i = 0; i < frames; i++) rig.give(frame(DATA, 0, 1, Buffer.alloc(MAX_FRAME_BYTES)));
  expect([rig.connection.failure, stream.heldBytes]).toEqual([undefined, frames * MAX_FRAME_BYTES]);
});

test("a window that what is held has closed opens again when a stream is read or given up", () => {
  const size = 65_536;
  for (const letGo of [
    (rig: Http2Rig, stream: Http2Stream) => rig.connection.resume(stream),
    (rig: Http2Rig, stream: Http2Stream) => rig.connection.reset(stream, ErrorCode.CANCEL),
  ]) {
    const rig = new Http2Rig("server", { maxConcurrentStreams: 1000, streamWindowBytes: size });
    const count = HELD_LIMIT_BYTES / size + 8;
    rig.give(times(count, (i) => rig.request(2 * i + 1, 0)));
    for (const stream of rig.streams) rig.connection.pause(stream);
    for (let i = 0; i < count; i++)
      rig.give(times(4, () => frame(DATA, 0, 2 * i + 1, Buffer.alloc(MAX_FRAME_BYTES))));
    rig.take();
    for (const stream of rig.streams.slice(0, 9)) letGo(rig, stream);
    const updates = rig
      .take()
      .filter(({ type, streamId }) => type === WINDOW_UPDATE && streamId === 0);
    expect([updates.length, rig.connection.failure]).toEqual([1, undefined]);
  }
});

test("1xx responses to one request are counted", () => {
  const rig = new Http2Rig("client");
  rig.connection.open(GET, true);
  rig.take();
  for (let i = 0; i < INFORMATIONAL_LIMIT; i++) rig.give(rig.response(1, 0, "103"));
  expect(rig.connection.activeStreams).toBe(1);
  rig.give(rig.response(1, 0, "103"));
  expect(rig.resetCode()).toBe(ErrorCode.ENHANCE_YOUR_CALM);
});

test("a stream whose peer lets nothing out is reset after its time, one that gets on is not", () => {
  const rig = new Http2Rig("server");
  rig.give(frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, 1]])));
  rig.give(rig.request(1, END), rig.request(3, END), rig.request(5, END));
  for (const stream of rig.streams.slice(0, 2)) {
    rig.connection.respond(stream, OK, false);
    rig.connection.send(stream, Buffer.from("abc"));
  }
  rig.connection.tick(600, 1000);
  rig.give(frame(WINDOW_UPDATE, 0, 3, word(1)));
  rig.connection.tick(399, 1000);
  expect(rig.connection.activeStreams).toBe(3);
  rig.take();
  rig.connection.tick(1, 1000);
  expect(rig.resetCode()).toBe(ErrorCode.CANCEL);
  expect(rig.log.at(-1)).toBe("reset 1 8");
  expect(rig.connection.activeStreams).toBe(2);
});

test("what a paused stream is sent byte by byte is held in few pieces", () => {
  const rig = new Http2Rig("server");
  rig.give(rig.request(1, 0));
  const stream = rig.streams[0] as Http2Stream;
  rig.connection.pause(stream);
  rig.give(times(10_000, () => frame(DATA, 0, 1, Buffer.of(1))));
  expect(stream.heldBytes).toBe(10_000);
  rig.log.length = 0;
  rig.connection.resume(stream);
  expect(rig.log).toEqual(["data 1 4096", "data 1 4096", "data 1 1808"]);
  expect([stream.heldBytes, stream.holds]).toEqual([0, false]);
});
