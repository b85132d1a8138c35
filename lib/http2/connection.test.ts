import { describe, expect, test } from "bun:test";
import { HpackDecoder } from "#lib/hpack/decoder.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { frame, GET as get, Http2Rig as Rig, word } from "../../test/fake/http2-rig.ts";
import { Http2Connection } from "./connection.ts";
import { Flag, FrameType, PREFACE } from "./frame.ts";
import { ErrorCode } from "./http2-error.ts";
import { HTTP2_DEFAULTS } from "./http2-options.ts";
import { MAX_WINDOW } from "./settings.ts";
import type { Http2Stream } from "./stream.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } =
  FrameType;
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

  test("never names a higher stream in a later GOAWAY", () => {
    const rig = new Rig("server");
    const lastOf = (): number | undefined =>
      rig
        .take()
        .find(({ type }) => type === GOAWAY)
        ?.payload.readUInt32BE(0);
    rig.give(rig.request(1, END));
    rig.connection.drain();
    const ping = rig.take().find(({ type }) => type === PING);
    rig.give(frame(PING, Flag.ACK, 0, ping?.payload));
    expect(lastOf()).toBe(1);
    rig.give(rig.request(3, END), frame(WINDOW_UPDATE, 0, 0, word(0)));
    expect(lastOf()).toBe(1);
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
