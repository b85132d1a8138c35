import { describe, expect, test } from "bun:test";
import { HpackDecoder } from "#lib/hpack/decoder.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { frame, GET as get, Http2Rig as Rig, word } from "../../test/fake/http2-rig.ts";
import {
  BLOCK_LIMIT_BYTES,
  CONTINUATION_LIMIT,
  CONTROL_ALLOWANCE,
  RESET_ALLOWANCE,
} from "./budget.ts";
import { Http2Connection } from "./connection.ts";
import { Flag, FrameType, PREFACE } from "./frame.ts";
import { ErrorCode } from "./http2-error.ts";
import { CLIENT_STREAMS, HTTP2_DEFAULTS } from "./http2-options.ts";
import { encodeSettings, MAX_WINDOW, SettingId } from "./settings.ts";
import type { Http2Stream } from "./stream.ts";

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

describe("Http2Connection as a server", () => {
  test("greets with settings and a wider window", () => {
    const connection = new Http2Connection(
      { ...HTTP2_DEFAULTS, role: "server", nowMs: 0 },
      {} as never,
    );
    const view = connection.out.view();
    expect(view[3]).toBe(SETTINGS);
    expect(view.readUInt32BE(view.length - 4)).toBe(1024 * 1024 - 65_535);
  });

  test("takes requests, data and trailers, and answers", () => {
    const rig = new Rig("server");
    rig.give(rig.request(1, 0), frame(DATA, 0, 1, Buffer.from("abc")));
    rig.give(frame(HEADERS, WHOLE | END, 1, rig.block(["x", "y"])));
    expect(rig.log).toEqual(["request 1 POST / false", "data 1 3", "end 1 1"]);
    const [stream] = rig.streams;
    if (stream === undefined) throw new Error("no stream");
    rig.connection.respond(
      stream,
      { status: 200, version: "HTTP/2", headers: new HeaderList() },
      false,
    );
    expect(rig.connection.send(stream, Buffer.from("hi"))).toBe(true);
    rig.connection.end(stream, HeaderList.of(["t", "1"]));
    rig.connection.end(stream, undefined);
    expect(rig.connection.send(stream, Buffer.from("late"))).toBe(true);
    rig.connection.reset(stream, 8);
    expect(rig.types()).toEqual([HEADERS, DATA, HEADERS]);
    expect(rig.connection.activeStreams).toBe(0);
  });

  test("drains in two steps and is finished with the last stream", () => {
    const rig = new Rig("server");
    rig.give(rig.request(1, END));
    rig.connection.drain();
    rig.connection.drain();
    const [goAway, ping] = rig.take();
    expect(goAway?.payload.readUInt32BE(0)).toBe(MAX_WINDOW);
    rig.give(rig.request(3, END), frame(PING, Flag.ACK, 0, ping?.payload));
    expect(rig.take()[0]?.payload.readUInt32BE(0)).toBe(3);
    for (const stream of rig.streams) {
      rig.connection.respond(
        stream,
        { status: 204, version: "HTTP/2", headers: new HeaderList() },
        true,
      );
    }
    expect(rig.connection.finished).toBe(true);
    expect(rig.connection.available).toBe(false);
  });

  test("refuses streams over its limit and resets those that break rules", () => {
    const rig = new Rig("server", { maxConcurrentStreams: 1 });
    rig.give(rig.request(1, 0), rig.request(3, 0));
    expect(rig.resetCode()).toBe(ErrorCode.REFUSED_STREAM);
    rig.give(rig.request(1, 0));
    expect(rig.resetCode()).toBe(ErrorCode.PROTOCOL_ERROR);
    expect(rig.log.at(-1)).toBe("reset 1 1");
    rig.give(frame(DATA, 0, 1, Buffer.from("late")), rig.request(1, END));
    expect(rig.connection.failure).toBeUndefined();
  });

  test("answers PING and SETTINGS, and passes over what it does not know", () => {
    const rig = new Rig("server");
    rig.give(
      frame(PING, 0, 0, Buffer.alloc(8)),
      frame(SETTINGS, 0, 0),
      frame(99, 0, 0),
      frame(PRIORITY, 0, 5, Buffer.alloc(5)),
    );
    rig.give(
      frame(PING, Flag.ACK, 0, Buffer.alloc(8)),
      frame(SETTINGS, Flag.ACK, 0),
      frame(GOAWAY, 0, 0, Buffer.alloc(8)),
    );
    expect(rig.types()).toEqual([PING, SETTINGS]);
    expect(rig.connection.finished).toBe(true);
  });

  test("awaits the preface, the settings and the rest of a header block", () => {
    const events = { onChanged: () => undefined, onRequest: () => undefined } as never;
    const server = new Http2Connection({ ...HTTP2_DEFAULTS, role: "server", nowMs: 0 }, events);
    expect(server.awaiting).toBe(true);
    server.receive(PREFACE, 0);
    expect(server.awaiting).toBe(true);
    server.receive(frame(SETTINGS, 0, 0), 0);
    expect(server.awaiting).toBe(false);
    const rig = new Rig("server");
    rig.give(frame(HEADERS, END, 1, rig.block([":method", "GET"], [":scheme", "http"])));
    expect(rig.connection.awaiting).toBe(true);
    rig.give(frame(CONTINUATION, WHOLE, 1, rig.block([":path", "/"])));
    expect(rig.connection.awaiting).toBe(false);
  });

  test("says RST_STREAM NO_ERROR after a response that comes before the request's end", () => {
    const rig = new Rig("server");
    rig.give(rig.request(1, 0), rig.request(3, 0), rig.request(5, 0));
    const [whole, bodied, blocked] = rig.streams as [Http2Stream, Http2Stream, Http2Stream];
    const head = { status: 413, version: "HTTP/2", headers: new HeaderList() } as const;
    rig.connection.respond(whole, head, true);
    rig.connection.respond(bodied, head, false);
    rig.connection.send(bodied, Buffer.from("no"));
    rig.connection.end(bodied, undefined);
    const sent = rig.take();
    expect(sent.map(({ type, streamId }) => [type, streamId])).toEqual([
      [HEADERS, 1],
      [RST_STREAM, 1],
      [HEADERS, 3],
      [DATA, 3],
      [DATA, 3],
      [RST_STREAM, 3],
    ]);
    expect(sent[1]?.payload.readUInt32BE(0)).toBe(ErrorCode.NO_ERROR);
    rig.connection.respond(blocked, head, false);
    rig.connection.send(blocked, Buffer.alloc(65_535));
    rig.connection.end(blocked, undefined);
    expect(rig.types().filter((type) => type === RST_STREAM)).toEqual([]);
    rig.give(frame(WINDOW_UPDATE, 0, 0, word(10)));
    expect(rig.types()).toEqual([DATA, RST_STREAM]);
    rig.give(frame(DATA, END, 1, Buffer.from("late")), frame(DATA, 0, 3, Buffer.from("late")));
    expect([rig.connection.failure, rig.connection.activeStreams]).toEqual([undefined, 0]);
    expect(rig.log.filter((line) => !line.startsWith("request"))).toEqual([]);
  });

  test("does not cut off a tunnel whose other side goes on, but one that it refused", () => {
    const rig = new Rig("server");
    const connect = (streamId: number) =>
      frame(HEADERS, WHOLE, streamId, rig.block([":method", "CONNECT"], [":authority", "a:1"]));
    rig.give(connect(1), connect(3));
    const [open, refused] = rig.streams as [Http2Stream, Http2Stream];
    const headers = new HeaderList();
    rig.connection.respond(open, { status: 200, version: "HTTP/2", headers }, false);
    rig.connection.end(open, undefined);
    rig.connection.respond(refused, { status: 403, version: "HTTP/2", headers }, true);
    expect(rig.types()).toEqual([HEADERS, DATA, HEADERS, RST_STREAM]);
    rig.give(frame(DATA, END, 1, Buffer.from("more")));
    expect(rig.log.slice(-2)).toEqual(["data 1 4", "end 1 0"]);
    expect(rig.connection.activeStreams).toBe(0);
  });

  test("drops what it held of a request once that is answered", () => {
    const rig = new Rig("server");
    rig.give(rig.request(1, 0));
    const [stream] = rig.streams as [Http2Stream];
    rig.connection.pause(stream);
    rig.give(frame(DATA, END, 1, Buffer.from("held")));
    const head = { status: 200, version: "HTTP/2", headers: new HeaderList() } as const;
    rig.connection.respond(stream, head, true);
    expect([rig.types(), rig.connection.activeStreams]).toEqual([[HEADERS], 0]);
  });

  test("withholds the window of a stream that is paused", () => {
    const rig = new Rig("server");
    rig.give(rig.request(1, 0));
    const [stream] = rig.streams;
    if (stream === undefined) throw new Error("no stream");
    rig.connection.pause(stream);
    rig.give(
      frame(DATA, 0, 1, Buffer.alloc(16_384)),
      frame(DATA, 0, 1, Buffer.alloc(16_384)),
      frame(DATA, 0, 1, Buffer.alloc(16_384)),
    );
    expect(rig.types()).toEqual([]);
    rig.connection.resume(stream);
    const [update] = rig.take();
    expect(update?.payload.readUInt32BE(0)).toBe(3 * 16_384);
    rig.connection.disconnected();
    expect(rig.log.at(-1)).toBe(`reset 1 ${ErrorCode.INTERNAL_ERROR}`);
  });

  test("hands on what an event's receiver throws, and is broken then", () => {
    const connection = new Http2Connection({ ...HTTP2_DEFAULTS, role: "server", nowMs: 0 }, {
      onChanged: () => {
        throw new TypeError("ours");
      },
    } as never);
    expect(() => connection.receive(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]), 0)).toThrow(
      "ours",
    );
    expect(connection.failure?.code).toBe(ErrorCode.INTERNAL_ERROR);
    connection.receive(frame(SETTINGS, 0, 0), 0);
  });

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

describe("Http2Connection as a client", () => {
  test("sends requests and takes responses", () => {
    const rig = new Rig("client");
    const stream = rig.connection.open({ ...get, protocol: "websocket", method: "CONNECT" }, false);
    const sent = rig.take();
    const names: string[] = [];
    new HpackDecoder({ listLimitBytes: 9999 }).decode(sent[0]?.payload ?? Buffer.alloc(0), {
      onField: (name) => names.push(name),
    });
    expect(names).toEqual([":method", ":scheme", ":path", ":authority", ":protocol"]);
    rig.give(rig.response(1, 0, "103"), rig.response(1, 0, "200", ["content-length", "2"]));
    rig.give(frame(DATA, END, 1, Buffer.from("ok")));
    rig.connection.end(stream, undefined);
    expect(rig.log).toEqual([
      "response 1 103 false",
      "response 1 200 false",
      "data 1 2",
      "end 1 0",
    ]);
    expect(rig.connection.activeStreams).toBe(0);
  });

  test("calls off the rest of a request whose response is whole", () => {
    const rig = new Rig("client");
    const stream = rig.connection.open({ ...get, method: "POST" }, false);
    rig.take();
    rig.give(rig.response(1, 0, "200"), frame(DATA, END, 1, Buffer.from("ok")));
    expect(rig.resetCode()).toBe(ErrorCode.CANCEL);
    expect(rig.connection.activeStreams).toBe(0);
    expect(rig.connection.send(stream, Buffer.from("late"))).toBe(true);
    rig.connection.open({ ...get, method: "POST" }, false);
    rig.take();
    rig.give(rig.response(3, END, "403"), frame(RST_STREAM, 0, 3, word(ErrorCode.NO_ERROR)));
    expect(rig.resetCode()).toBe(ErrorCode.CANCEL);
    expect(rig.log.at(-1)).toBe("response 3 403 true");
  });

  test("sends as much as a peer reads that gives every byte back at once", () => {
    const rig = new Rig("client");
    const stream = rig.connection.open({ ...get, method: "POST" }, false);
    for (let i = 0; i < 2 * CONTROL_ALLOWANCE.burst; i++) {
      expect(rig.connection.send(stream, Buffer.alloc(16_384))).toBe(true);
      rig.take();
      const back = word(16_384);
      rig.give(frame(WINDOW_UPDATE, 0, 1, back), frame(WINDOW_UPDATE, 0, 0, back));
      expect(rig.connection.failure).toBeUndefined();
    }
  });

  test("keeps a whole response that it holds when the server wants no more of the request", () => {
    const rig = new Rig("client");
    const stream = rig.connection.open({ ...get, method: "POST" }, false);
    rig.connection.send(stream, Buffer.alloc(70_000));
    rig.connection.pause(stream);
    const stop = frame(RST_STREAM, 0, 1, word(ErrorCode.NO_ERROR));
    rig.give(rig.response(1, 0, "200"), frame(DATA, END, 1, Buffer.from("ok")), stop);
    rig.take();
    rig.give(frame(WINDOW_UPDATE, 0, 0, word(10_000)));
    rig.connection.resume(stream);
    expect(rig.types()).toEqual([]);
    expect(rig.log).toEqual(["response 1 200 false", "data 1 2", "end 1 0"]);
    expect(rig.connection.activeStreams).toBe(0);
    rig.connection.open({ ...get, method: "POST" }, false);
    rig.give(rig.response(3, 0, "200"), frame(RST_STREAM, 0, 3, word(ErrorCode.NO_ERROR)));
    expect(rig.log.at(-1)).toBe("reset 3 0");
  });

  test("lets HEAD and 304 have a length without a body", () => {
    const rig = new Rig("client");
    rig.connection.open({ ...get, method: "HEAD" }, true);
    rig.connection.open(get, true);
    rig.connection.open(get, true);
    rig.give(
      rig.response(1, END, "200", ["content-length", "9"]),
      rig.response(3, END, "304", ["content-length", "9"]),
    );
    rig.give(rig.response(5, END, "200", ["content-length", "9"]));
    expect(rig.log).toEqual(["response 1 200 true", "response 3 304 true", "reset 5 1"]);
  });

  test("resets a stream whose response breaks rules", () => {
    const rig = new Rig("client");
    for (let i = 0; i < 3; i++) rig.connection.open(get, true);
    rig.give(
      frame(DATA, 0, 1, Buffer.from("x")),
      rig.response(3, END, "103"),
      rig.response(5, 0, "x"),
    );
    expect(rig.log).toEqual(["reset 1 1", "reset 3 1", "reset 5 1"]);
  });

  test("queues what no window lets through, and goes on", () => {
    const rig = new Rig("client");
    const stream = rig.connection.open(get, false);
    expect(rig.connection.send(stream, Buffer.alloc(70_000))).toBe(false);
    rig.give(
      frame(
        SETTINGS,
        0,
        0,
        encodeSettings([
          [SettingId.INITIAL_WINDOW_SIZE, 66_000],
          [SettingId.HEADER_TABLE_SIZE, 0],
          [SettingId.MAX_CONCURRENT_STREAMS, 1],
        ]),
      ),
    );
    expect(rig.connection.available).toBe(false);
    rig.give(frame(WINDOW_UPDATE, 0, 0, word(10_000)), frame(WINDOW_UPDATE, 0, 1, word(10_000)));
    expect(rig.log).toEqual(["writable 1"]);
    const data = rig.take().filter(({ type }) => type === DATA);
    expect(data.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(70_000);
  });

  test("opens as many streams as the peer allows", () => {
    const rig = new Rig("client");
    for (let i = 0; i < CLIENT_STREAMS.unlessSaid; i++) {
      expect(rig.connection.available).toBe(true);
      rig.connection.open(get, true);
    }
    expect(rig.connection.available).toBe(false);
  });

  test("opens one stream before the peer says how many", () => {
    const rig = new Rig("client", {}, false);
    rig.connection.open(get, true);
    expect(rig.connection.available).toBe(false);
    rig.give(frame(SETTINGS, 0, 0, encodeSettings([[SettingId.MAX_CONCURRENT_STREAMS, 2]])));
    expect(rig.connection.available).toBe(true);
    rig.connection.open(get, true);
    expect(rig.connection.available).toBe(false);
  });

  test("learns from GOAWAY and REFUSED_STREAM what was not processed", () => {
    const rig = new Rig("client");
    for (let i = 0; i < 3; i++) rig.connection.open(get, true);
    rig.give(frame(RST_STREAM, 0, 1, word(ErrorCode.REFUSED_STREAM)));
    const goAway = Buffer.concat([word(3), word(0)]);
    rig.give(frame(GOAWAY, 0, 0, goAway));
    expect(rig.log).toEqual(["reset 1 7 unprocessed", "reset 5 0 unprocessed"]);
    expect(rig.connection.available).toBe(false);
    rig.give(rig.response(3, END, "200"));
    expect(rig.connection.finished).toBe(true);
  });

  test("refuses a server that enables push or opens streams", () => {
    const rig = new Rig("client");
    rig.give(frame(SETTINGS, 0, 0, encodeSettings([[SettingId.ENABLE_PUSH, 1]])));
    expect(rig.connection.failure?.code).toBe(ErrorCode.PROTOCOL_ERROR);
    const other = new Rig("client");
    other.give(other.response(2, END, "200"));
    expect(other.connection.failure?.code).toBe(ErrorCode.PROTOCOL_ERROR);
  });

  test("drains without a word, and pings", () => {
    const rig = new Rig("client");
    rig.connection.ping(Buffer.alloc(8));
    rig.connection.drain();
    expect(rig.types()).toEqual([PING]);
    expect(rig.connection.finished).toBe(true);
  });
});

test("what came never indexed goes on never indexed, pseudo-headers too", () => {
  const literal = (name: string, value: string): Buffer =>
    Buffer.concat([
      Buffer.from([0x10, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]);
  const heads: RequestHead[] = [];
  const server = new Http2Connection({ ...HTTP2_DEFAULTS, role: "server", nowMs: 0 }, {
    onChanged: () => undefined,
    onRequest: (_: Http2Stream, head: RequestHead) => heads.push(head),
  } as never);
  const fields = [
    literal(":path", "/secret"),
    literal("x-token", "abc"),
    Buffer.from("400178017a", "hex"),
  ];
  const block = Buffer.concat([Buffer.from("8286410161", "hex"), ...fields]);
  server.receive(
    Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), frame(HEADERS, WHOLE | END, 1, block)]),
    0,
  );
  const client = new Rig("client");
  client.connection.open(heads[0] ?? get, true);
  const never: string[] = [];
  const sent = client.take().find(({ type }) => type === HEADERS);
  new HpackDecoder({ listLimitBytes: 10_000 }).decode(sent?.payload ?? Buffer.alloc(0), {
    onField: () => undefined,
    onNeverIndexed: (name) => never.push(name),
  });
  expect(never).toEqual([":path", "x-token"]);
});
