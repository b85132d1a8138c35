/** Streams, errors and what may be extended, as a client must have them (RFC 9113 §4 and §5). */

import { Flag, FrameType } from "#lib/http2/frame.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { SettingId } from "#lib/http2/settings.ts";
import { frame, word } from "../../fake/http2-rig.ts";
import { wholeOf } from "../../fake/whole-of.ts";
import { type ClientCase, settings } from "./client-case.ts";
import { block, headers } from "./scripted-server.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, WINDOW_UPDATE, CONTINUATION } =
  FrameType;
const END = Flag.END_STREAM;
const OK = ["200 end"];
const answer = headers(1, END, [":status", "200"]);
const begun = headers(1, 0, [":status", "200"]);
const x = Buffer.from("x");

/** Streams as a whole. */
export const STREAM_CASES: readonly ClientCase[] = [
  {
    section: "3.4",
    must: "begins with the preface and SETTINGS",
    check: async ({ preface, frames }) =>
      preface === "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" && frames[0]?.type === SETTINGS
        ? undefined
        : preface,
  },
  {
    section: "3.4",
    must: "refuses a server that does not begin with SETTINGS",
    settings: frame(FrameType.PING, 0, 0, Buffer.alloc(8)),
    goAway: ErrorCode.PROTOCOL_ERROR,
  },
  {
    section: "4.1",
    must: "ignores the reserved bit of a stream's number",
    say: [headers(2 ** 31 + 1, END, [":status", "200"])],
    told: OK,
  },
  {
    section: "4.2",
    must: "refuses frames over the size that it allows",
    say: [begun, frame(DATA, 0, 1, Buffer.alloc(16_385))],
    goAway: ErrorCode.FRAME_SIZE_ERROR,
  },
  {
    section: "4.3",
    must: "ends the connection where a header block cannot be decoded",
    say: [frame(HEADERS, END | Flag.END_HEADERS, 1, Buffer.from("80", "hex"))],
    goAway: ErrorCode.COMPRESSION_ERROR,
  },
  {
    section: "4.3",
    must: "decodes the blocks of streams that it has reset",
    open: true,
    check: async (connection) => {
      await connection.say(headers(1, 0, [":status", "20"]));
      await connection.say(
        frame(HEADERS, Flag.END_HEADERS | END, 1, Buffer.from("4001610162", "hex")),
      );
      await connection.request();
      // The entry that the late block has made is the newest.
      await connection.say(frame(HEADERS, Flag.END_HEADERS | END, 3, Buffer.from("88be", "hex")));
      return (await connection.isAlive()) && connection.told.at(-1) === "200 end"
        ? undefined
        : connection.told.join();
    },
  },
  {
    section: "4.3",
    must: "refuses other frames inside a header block",
    say: [frame(HEADERS, 0, 1, block([":status", "200"])), frame(DATA, 0, 1, x)],
    goAway: ErrorCode.PROTOCOL_ERROR,
  },
  ...[
    ["HEADERS", headers(3, END, [":status", "200"])],
    ["DATA", frame(DATA, 0, 3, x)],
    ["WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 3, word(1))],
    ["RST_STREAM", frame(RST_STREAM, 0, 3, word(8))],
    ["CONTINUATION", frame(CONTINUATION, 0, 3)],
  ].map(([name, bytes]) => ({
    section: "5.1",
    must: `refuses ${name} of an idle stream`,
    say: [bytes as Buffer],
    goAway: ErrorCode.PROTOCOL_ERROR,
  })),
  {
    section: "5.1",
    must: "takes PRIORITY of an idle stream",
    say: [frame(PRIORITY, 0, 7, Buffer.alloc(5)), answer],
    told: OK,
  },
  {
    section: "5.1",
    must: "refuses DATA behind the end of a stream",
    say: [answer, frame(DATA, 0, 1, x)],
    goAway: ErrorCode.STREAM_CLOSED,
  },
  {
    section: "5.1",
    must: "refuses HEADERS behind the end of a stream",
    say: [answer, headers(1, END, ["a", "b"])],
    goAway: ErrorCode.STREAM_CLOSED,
  },
  {
    section: "5.1",
    must: "refuses DATA behind RST_STREAM",
    say: [begun, frame(RST_STREAM, 0, 1, word(8)), frame(DATA, 0, 1, x)],
    goAway: ErrorCode.STREAM_CLOSED,
  },
  {
    section: "5.1",
    must: "takes WINDOW_UPDATE and RST_STREAM of a stream that has just ended",
    say: [answer, frame(WINDOW_UPDATE, 0, 1, word(1)), frame(RST_STREAM, 0, 1, word(0))],
    told: OK,
  },
  {
    section: "5.1",
    must: "passes over what comes for a stream that it has reset",
    check: async (connection) => {
      const stream = await connection.request();
      stream.resetRequest(ErrorCode.CANCEL);
      await connection.until(() => connection.sent(RST_STREAM, 3).length > 0);
      await connection.say(headers(3, 0, [":status", "200"]), frame(DATA, 0, 3, x));
      const alive = await connection.isAlive();
      return alive && connection.told.length === 0 ? undefined : connection.told.join();
    },
  },
  {
    section: "5.1.1",
    must: "gives its streams odd numbers that rise",
    check: async (connection) => {
      await connection.request();
      await connection.request();
      await connection.isAlive();
      const ids = connection.sent(HEADERS).map(({ streamId }) => streamId);
      return ids.join() === "1,3,5" ? undefined : ids.join();
    },
  },
  {
    section: "5.1.1",
    must: "opens no stream when its numbers are used up",
    options: { lastStreamId: 1 },
    check: async (connection) => ((await connection.isAvailable()) ? "it would" : undefined),
  },
  {
    section: "5.1.1",
    must: "refuses a stream that the server opens",
    say: [headers(2, END, [":status", "200"])],
    goAway: ErrorCode.PROTOCOL_ERROR,
  },
  {
    section: "5.1.2",
    must: "opens no more streams than the server takes",
    settings: settings([SettingId.MAX_CONCURRENT_STREAMS, 1]),
    check: async (connection) => {
      const before = await connection.isAvailable();
      await connection.say(answer);
      await connection.isAlive();
      return !before && (await connection.isAvailable()) ? undefined : `${before}`;
    },
  },
  {
    section: "5.2.1",
    must: "sends no more than the window that a connection begins with",
    open: true,
    settings: settings([SettingId.INITIAL_WINDOW_SIZE, 1_000_000]),
    check: async (connection) => {
      const stream = await connection.request({}, false);
      stream.sendBytes(...wholeOf(Buffer.alloc(100_000)));
      await connection.isAlive();
      const bytes = connection.sent(DATA).reduce((sum, { payload }) => sum + payload.length, 0);
      return bytes === 65_535 ? undefined : `${bytes} bytes came`;
    },
  },
  {
    section: "5.3.2",
    must: "takes HEADERS with a priority",
    say: [
      frame(
        HEADERS,
        END | Flag.END_HEADERS | Flag.PRIORITY,
        1,
        Buffer.concat([word(0), Buffer.from([15]), block([":status", "200"])]),
      ),
    ],
    told: OK,
  },
  {
    section: "5.4.2",
    must: "answers RST_STREAM with none",
    say: [frame(RST_STREAM, 0, 1, word(8)), frame(RST_STREAM, 0, 1, word(8))],
    told: ["reset cancelled"],
    check: async (connection) => (connection.sent(RST_STREAM).length > 0 ? "it does" : undefined),
  },
  {
    section: "5.4.2",
    must: "goes on with other streams after an error of one",
    check: async (connection) => {
      await connection.request();
      await connection.say(headers(1, END, [":status", "20"]), headers(3, END, [":status", "200"]));
      await connection.isAlive();
      return connection.told.join() === "reset cancelled,200 end"
        ? undefined
        : connection.told.join();
    },
  },
  {
    section: "5.5",
    must: "passes over frames and flags that it does not know",
    say: [frame(99, 255, 1, x), frame(98, 0, 0), headers(1, END | 0xc2, [":status", "200"])],
    told: OK,
  },
  {
    section: "5.5",
    must: "refuses frames that it does not know inside a header block",
    say: [frame(HEADERS, 0, 1, block([":status", "200"])), frame(99, 0, 1)],
    goAway: ErrorCode.PROTOCOL_ERROR,
  },
  {
    section: "7",
    must: "takes an error code that it does not know for an error",
    say: [frame(RST_STREAM, 0, 1, word(0xdead))],
    told: ["reset cancelled"],
  },
  {
    section: "8.7",
    must: "knows from REFUSED_STREAM that the request was not processed",
    say: [frame(RST_STREAM, 0, 1, word(ErrorCode.REFUSED_STREAM))],
    told: ["reset refused unprocessed"],
  },
  {
    section: "8.4",
    must: "refuses PUSH_PROMISE, as it has said",
    say: [
      frame(PUSH_PROMISE, Flag.END_HEADERS, 1, Buffer.concat([word(2), block([":method", "GET"])])),
    ],
    goAway: ErrorCode.PROTOCOL_ERROR,
  },
];
