import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { frame, GET, Http2Rig, word } from "../../test/fake/http2-rig.ts";
import { Flag, FrameType } from "./frame.ts";
import { ErrorCode } from "./http2-error.ts";
import { encodeSettings, MAX_WINDOW, SettingId } from "./settings.ts";
import { RESET_MEMORY } from "./stream-table.ts";

const { DATA, HEADERS, RST_STREAM, SETTINGS, PING } = FrameType;
const END = Flag.END_STREAM;
const OK = { status: 200, version: "HTTP/2", headers: new HeaderList() } as const;
const times = (count: number, make: (i: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));

test("frames of a closed stream end the connection, unless we closed it and its peer may not know", () => {
  const data = frame(DATA, 0, 1, Buffer.from("x"));
  const cases: [(rig: Http2Rig) => void, number | undefined][] = [
    [(rig) => rig.give(frame(RST_STREAM, 0, 1, word(8))), ErrorCode.STREAM_CLOSED],
    [(rig) => rig.connection.reset(rig.streams[0] as never, 8), undefined],
    [
      (rig) => {
        rig.connection.reset(rig.streams[0] as never, 8);
        rig.give(frame(RST_STREAM, 0, 1, word(8)));
      },
      ErrorCode.STREAM_CLOSED,
    ],
    [
      (rig) => {
        rig.connection.reset(rig.streams[0] as never, 8);
        rig.give(frame(DATA, END, 1));
      },
      ErrorCode.STREAM_CLOSED,
    ],
  ];
  for (const [close, code] of cases)
    for (const late of [(): Buffer => data, (rig: Http2Rig): Buffer => rig.request(1, 0)]) {
      const rig = new Http2Rig("server");
      rig.give(rig.request(1, 0));
      close(rig);
      rig.give(late(rig));
      expect(rig.connection.failure?.code).toBe(code);
    }
  const skipped = new Http2Rig("server");
  skipped.give(skipped.request(1, 0), skipped.request(7, 0), skipped.request(5, 0));
  expect(skipped.connection.failure?.code).toBe(ErrorCode.PROTOCOL_ERROR);
});

test("what came late for a stream that was reset is passed over however many were reset since", () => {
  const rig = new Http2Rig("server", { maxConcurrentStreams: 10_000 });
  rig.give(times(RESET_MEMORY + 10, (i) => rig.request(2 * i + 1, 0)));
  for (const stream of rig.streams) rig.connection.reset(stream, ErrorCode.CANCEL);
  rig.give(frame(DATA, 0, 1, Buffer.from("x")));
  expect(rig.connection.failure).toBeUndefined();
});

test("a client whose numbers are used up takes no more and ends with its last stream", () => {
  const rig = new Http2Rig("client", { lastStreamId: 3 });
  rig.connection.open(GET, true);
  expect(rig.connection.available).toBe(true);
  rig.connection.open(GET, true);
  expect([rig.connection.available, rig.connection.draining]).toEqual([false, true]);
  rig.give(rig.response(1, END, "200"));
  expect(rig.connection.finished).toBe(false);
  rig.give(rig.response(3, END, "200"));
  expect(rig.connection.finished).toBe(true);
});

test("streams that come after the last GOAWAY are refused", () => {
  const rig = new Http2Rig("server");
  rig.give(rig.request(1, 0));
  rig.connection.drain();
  const ping = rig.take().find(({ type }) => type === PING);
  rig.give(rig.request(3, END), frame(PING, Flag.ACK, 0, ping?.payload), rig.request(5, END));
  expect(rig.resetCode()).toBe(ErrorCode.REFUSED_STREAM);
  expect(rig.streams.map(({ id }) => id)).toEqual([1, 3]);
});

test("extended CONNECT is known from the settings and not taken back", () => {
  const rig = new Http2Rig("client");
  const say = (value: number): void =>
    rig.give(frame(SETTINGS, 0, 0, encodeSettings([[SettingId.ENABLE_CONNECT_PROTOCOL, value]])));
  say(0);
  expect(rig.connection.connectProtocol).toBe(false);
  say(1);
  expect(rig.connection.connectProtocol).toBe(true);
  say(0);
  expect(rig.connection.failure?.code).toBe(ErrorCode.PROTOCOL_ERROR);
});

test("SETTINGS are acknowledged before the frames that they let out", () => {
  const rig = new Http2Rig("server");
  rig.give(frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, 0]])));
  rig.give(rig.request(1, END));
  for (const stream of rig.streams) {
    rig.connection.respond(stream, OK, false);
    rig.connection.send(stream, Buffer.from("x"));
  }
  rig.take();
  rig.give(frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, MAX_WINDOW]])));
  expect(rig.types()).toEqual([SETTINGS, DATA]);
});

test("trailers that SETTINGS let out are written with the table they ask for, wherever they say so", () => {
  const rig = new Http2Rig("server");
  rig.give(frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, 0]])));
  rig.give(rig.request(1, END));
  for (const stream of rig.streams) {
    rig.connection.respond(stream, OK, false);
    rig.connection.send(stream, Buffer.from("x"));
    rig.connection.end(stream, HeaderList.of(["a", "b"]));
  }
  rig.take();
  const settings = encodeSettings([
    [SettingId.INITIAL_WINDOW_SIZE, 1000],
    [SettingId.HEADER_TABLE_SIZE, 0],
    [SettingId.HEADER_TABLE_SIZE, 100],
  ]);
  rig.give(frame(SETTINGS, 0, 0, settings));
  const [ack, data, trailers] = rig.take();
  expect([ack?.type, data?.type, trailers?.type]).toEqual([SETTINGS, DATA, HEADERS]);
  // The smallest that there was between, and the last (RFC 7541 §4.2).
  expect(trailers?.payload.subarray(0, 3).toString("hex")).toBe("203f45");
});

test("an answer to CONNECT has no length, and a stream that depends on itself is reset", () => {
  const client = new Http2Rig("client");
  client.connection.open({ ...GET, method: "CONNECT", path: "", authority: "a:1" }, false);
  client.give(client.response(1, 0, "200", ["content-length", "1"]));
  client.give(frame(DATA, 0, 1, Buffer.from("abc")));
  expect(client.log.at(-1)).toBe("data 1 3");
  const server = new Http2Rig("server");
  const block = server.request(1, END).subarray(9);
  const priority = Buffer.concat([word(1), Buffer.from([0]), block]);
  server.give(frame(HEADERS, END | Flag.END_HEADERS | Flag.PRIORITY, 1, priority));
  expect(server.resetCode()).toBe(ErrorCode.PROTOCOL_ERROR);
  server.give(frame(FrameType.PRIORITY, 0, 5, Buffer.concat([word(5), Buffer.from([0])])));
  expect(server.connection.failure?.code).toBe(ErrorCode.PROTOCOL_ERROR);
});
