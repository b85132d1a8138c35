import { describe, expect, test } from "bun:test";
import { HpackDecoder } from "#lib/hpack/decoder.ts";
import { frame, GET as get, Http2Rig as Rig, word } from "../../test/fake/http2-rig.ts";
import { CONTROL_ALLOWANCE } from "./budget.ts";
import { Flag, FrameType } from "./frame.ts";
import { ErrorCode } from "./http2-error.ts";
import { CLIENT_STREAMS } from "./http2-options.ts";
import { encodeSettings, SettingId } from "./settings.ts";

const { DATA, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE } = FrameType;
const END = Flag.END_STREAM;

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

  test("tells who waits to send in a tunnel when its server wants no more", () => {
    const rig = new Rig("client");
    rig.give(frame(SETTINGS, 0, 0, encodeSettings([[SettingId.ENABLE_CONNECT_PROTOCOL, 1]])));
    const stream = rig.connection.open({ ...get, method: "CONNECT", protocol: "websocket" }, false);
    rig.give(rig.response(1, 0, "200"));
    expect(rig.connection.send(stream, Buffer.alloc(70_000))).toBe(false);
    rig.give(frame(DATA, END, 1), frame(RST_STREAM, 0, 1, word(ErrorCode.NO_ERROR)));
    expect(rig.log).toEqual(["response 1 200 false", "end 1 0", "writable 1"]);
    expect([rig.connection.send(stream, Buffer.alloc(9)), rig.connection.activeStreams]).toEqual([
      true,
      0,
    ]);
  });

  test("hands over what it holds of a tunnel whose connection is gone, and its other way goes into nothing", () => {
    const rig = new Rig("client");
    rig.give(frame(SETTINGS, 0, 0, encodeSettings([[SettingId.ENABLE_CONNECT_PROTOCOL, 1]])));
    const stream = rig.connection.open({ ...get, method: "CONNECT", protocol: "websocket" }, false);
    rig.give(rig.response(1, 0, "200"));
    rig.connection.pause(stream);
    rig.give(frame(DATA, END, 1, Buffer.from("held")));
    rig.connection.disconnected();
    expect(rig.connection.send(stream, Buffer.alloc(100_000))).toBe(true);
    rig.connection.resume(stream);
    expect(rig.log).toEqual(["response 1 200 false", "writable 1", "data 1 4", "end 1 0"]);
    expect(rig.connection.activeStreams).toBe(0);
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
