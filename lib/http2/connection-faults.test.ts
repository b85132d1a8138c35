import { describe, expect, test } from "bun:test";
import { frame, Http2Rig as Rig, word } from "../../test/fake/http2-rig.ts";
import {
  BLOCK_LIMIT_BYTES,
  CONTINUATION_LIMIT,
  CONTROL_ALLOWANCE,
  RESET_ALLOWANCE,
} from "./budget.ts";
import { Http2Connection } from "./connection.ts";
import { Flag, FrameType, PREFACE } from "./frame.ts";
import { ErrorCode } from "./http2-error.ts";
import { HTTP2_DEFAULTS } from "./http2-options.ts";
import { encodeSettings, MAX_WINDOW, SettingId } from "./settings.ts";

const {
  DATA,
  HEADERS,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  PUSH_PROMISE,
  PING,
  GOAWAY,
  WINDOW_UPDATE,
  CONTINUATION,
} = FrameType;
const END = Flag.END_STREAM;
const WHOLE = Flag.END_HEADERS;

describe("Http2Connection as a server, of what breaks rules,", () => {
  const huge = Buffer.alloc(16_384, "x");
  test.each<[string, number, (rig: Rig) => Buffer[]]>([
    ["DATA on an idle stream", 1, () => [frame(DATA, 0, 1)]],
    ["DATA on stream 0", 1, () => [frame(DATA, 0, 0)]],
    ["HEADERS on an even stream", 1, (rig) => [rig.request(2, END)]],
    [
      "a frame within a block",
      1,
      (rig) => [frame(HEADERS, 0, 1, rig.block()), frame(PING, 0, 0, Buffer.alloc(8))],
    ],
    ["CONTINUATION without a block", 1, () => [frame(CONTINUATION, WHOLE, 1)]],
    ["PUSH_PROMISE", 1, () => [frame(PUSH_PROMISE, 0, 1)]],
    [
      "too short a priority",
      ErrorCode.FRAME_SIZE_ERROR,
      () => [frame(HEADERS, WHOLE | Flag.PRIORITY, 1, Buffer.alloc(4))],
    ],
    [
      "padding over the frame",
      1,
      () => [frame(HEADERS, WHOLE | Flag.PADDED, 1, Buffer.from([9, 0]))],
    ],
    [
      "a block that is no HPACK",
      ErrorCode.COMPRESSION_ERROR,
      () => [frame(HEADERS, WHOLE, 1, Buffer.from([0x80]))],
    ],
    ["RST_STREAM on an idle stream", 1, () => [frame(RST_STREAM, 0, 7, word(0))]],
    ["an empty WINDOW_UPDATE", 1, () => [frame(WINDOW_UPDATE, 0, 0, word(0))]],
    ["a window over 2^31-1", 3, () => [frame(WINDOW_UPDATE, 0, 0, word(MAX_WINDOW))]],
    [
      "a large setting",
      3,
      () => [frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, 2 ** 31]]))],
    ],
    [
      "a frame over 16 KiB",
      ErrorCode.FRAME_SIZE_ERROR,
      () => [frame(DATA, 0, 1, Buffer.alloc(16_385))],
    ],
    [
      "a flood of CONTINUATION",
      ErrorCode.ENHANCE_YOUR_CALM,
      () => [
        frame(HEADERS, 0, 1),
        ...Array.from({ length: CONTINUATION_LIMIT }, () => frame(CONTINUATION, 0, 1)),
      ],
    ],
    [
      "an endless block",
      ErrorCode.ENHANCE_YOUR_CALM,
      () => [
        frame(HEADERS, 0, 1),
        ...Array.from({ length: BLOCK_LIMIT_BYTES / 16_384 + 1 }, () =>
          frame(CONTINUATION, 0, 1, huge),
        ),
      ],
    ],
    [
      "a flood of PING",
      ErrorCode.ENHANCE_YOUR_CALM,
      () =>
        Array.from({ length: CONTROL_ALLOWANCE.burst + 1 }, () =>
          frame(PING, 0, 0, Buffer.alloc(8)),
        ),
    ],
    [
      "a flood of WINDOW_UPDATE",
      ErrorCode.ENHANCE_YOUR_CALM,
      () =>
        Array.from({ length: CONTROL_ALLOWANCE.burst + 1 }, () =>
          frame(WINDOW_UPDATE, 0, 0, word(1)),
        ),
    ],
    [
      "a flood of empty DATA",
      ErrorCode.ENHANCE_YOUR_CALM,
      (rig) => [
        rig.request(1, 0),
        ...Array.from({ length: CONTROL_ALLOWANCE.burst + 1 }, () => frame(DATA, 0, 1)),
      ],
    ],
    [
      "rapid reset",
      ErrorCode.ENHANCE_YOUR_CALM,
      (rig) =>
        Array.from({ length: RESET_ALLOWANCE.burst + 1 }, (_, n) =>
          Buffer.concat([rig.request(2 * n + 1, END), frame(RST_STREAM, 0, 2 * n + 1, word(8))]),
        ),
    ],
    [
      "MadeYouReset",
      ErrorCode.ENHANCE_YOUR_CALM,
      (rig) =>
        Array.from({ length: RESET_ALLOWANCE.burst + 1 }, (_, n) =>
          Buffer.concat([rig.request(2 * n + 1, END), frame(WINDOW_UPDATE, 0, 2 * n + 1, word(0))]),
        ),
    ],
  ])("breaks off at %s", (_, code, frames) => {
    const rig = new Rig("server");
    // Frames are given one by one: a flood is more than one chunk.
    for (const each of frames(rig)) rig.give(each);
    expect(rig.connection.failure?.code).toBe(code);
    const last = rig.take().at(-1);
    expect(last?.type).toBe(GOAWAY);
    expect(last?.payload.readUInt32BE(4)).toBe(code);
  });

  test("demands SETTINGS first", () => {
    const connection = new Http2Connection(
      { ...HTTP2_DEFAULTS, role: "server", nowMs: 0 },
      {} as never,
    );
    connection.receive(Buffer.concat([PREFACE, frame(PING, 0, 0, Buffer.alloc(8))]), 0);
    expect(connection.failure?.code).toBe(ErrorCode.PROTOCOL_ERROR);
  });

  test.each<[string, number, (rig: Rig) => Buffer[]]>([
    ["a malformed request", 1, (rig) => [rig.request(1, END, ["Upper", "x"])]],
    ["content-length with END_STREAM", 1, (rig) => [rig.request(1, END, ["content-length", "1"])]],
    [
      "a body too long",
      1,
      (rig) => [rig.request(1, 0, ["content-length", "1"]), frame(DATA, END, 1, Buffer.alloc(2))],
    ],
    [
      "a body too short",
      1,
      (rig) => [rig.request(1, 0, ["content-length", "3"]), frame(DATA, END, 1, Buffer.alloc(2))],
    ],
    [
      "too short before trailers",
      1,
      (rig) => [
        rig.request(1, 0, ["content-length", "3"]),
        frame(HEADERS, WHOLE | END, 1, rig.block(["a", "b"])),
      ],
    ],
    [
      "trailers that go on",
      1,
      (rig) => [rig.request(1, 0), frame(HEADERS, WHOLE, 1, rig.block(["a", "b"]))],
    ],
    [
      "DATA after the end",
      ErrorCode.STREAM_CLOSED,
      (rig) => [rig.request(1, END), frame(DATA, 0, 1)],
    ],
    [
      "HEADERS after the end",
      ErrorCode.STREAM_CLOSED,
      (rig) => [rig.request(1, END), rig.request(1, END)],
    ],
    [
      "DATA over the window",
      3,
      (rig) => [rig.request(1, 0), frame(DATA, 0, 1, Buffer.alloc(16_384))],
    ],
    [
      "a window over 2^31-1",
      3,
      (rig) => [rig.request(1, 0), frame(WINDOW_UPDATE, 0, 1, word(MAX_WINDOW))],
    ],
    [
      "too large a list",
      ErrorCode.ENHANCE_YOUR_CALM,
      (rig) => [rig.request(1, END, ["a", "x".repeat(900)])],
    ],
    [
      "too large trailers",
      ErrorCode.ENHANCE_YOUR_CALM,
      (rig) => [
        rig.request(1, 0),
        frame(HEADERS, WHOLE | END, 1, rig.block(["a", "x".repeat(900)])),
      ],
    ],
    [
      "a PRIORITY of a wrong size",
      ErrorCode.FRAME_SIZE_ERROR,
      (rig) => [rig.request(1, END), frame(PRIORITY, 0, 1, Buffer.alloc(4))],
    ],
  ])("resets a stream for %s", (_, code, frames) => {
    const rig = new Rig("server", { streamWindowBytes: 1000, maxHeaderListBytes: 800 });
    rig.give(...frames(rig));
    expect(rig.resetCode()).toBe(code);
    expect(rig.connection.failure).toBeUndefined();
    expect(rig.connection.activeStreams).toBe(0);
  });
});
