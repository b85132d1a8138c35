/** Flow control and pieces of header blocks, as a client must have them (RFC 9113 §6.9 and §6.10). */

import { Flag, FrameType } from "#lib/http2/frame.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { MAX_WINDOW, SettingId } from "#lib/http2/settings.ts";
import { frame, word } from "../../fake/http2-rig.ts";
import { type ClientCase, ends, sends, settings } from "./client-case.ts";
import { block, headers } from "./scripted-server.ts";

const { DATA, HEADERS, RST_STREAM, PING, WINDOW_UPDATE, CONTINUATION } = FrameType;
const { FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR } = ErrorCode;
const END = Flag.END_STREAM;
const WHOLE = Flag.END_HEADERS;
const OK = ["200 end"];
const begun = headers(1, 0, [":status", "200"]);
const window = (size: number): Buffer => settings([SettingId.INITIAL_WINDOW_SIZE, size]);

/** Windows both ways, then CONTINUATION. */
export const WINDOW_CASES: readonly ClientCase[] = [
  ends(
    "6.9",
    "refuses WINDOW_UPDATE of another length",
    FRAME_SIZE_ERROR,
    frame(WINDOW_UPDATE, 0, 0, Buffer.alloc(3)),
  ),
  ends(
    "6.9",
    "refuses a connection's window widened by nothing",
    PROTOCOL_ERROR,
    frame(WINDOW_UPDATE, 0, 0, word(0)),
  ),
  {
    section: "6.9",
    must: "resets a stream whose window is widened by nothing",
    say: [frame(WINDOW_UPDATE, 0, 1, word(0))],
    reset: PROTOCOL_ERROR,
  },
  {
    section: "6.9",
    must: "gives back what it has read, padding and late DATA too",
    options: { connectionWindowBytes: 65_535 },
    open: true,
    check: async (connection) => {
      await connection.say(headers(1, 0, [":status", "20"]));
      for (let i = 0; i < 10; i++)
        await connection.say(
          frame(DATA, 8, 1, Buffer.alloc(16_384, 255)),
          frame(PING, 0, 0, Buffer.alloc(8)),
        );
      const alive = await connection.isAlive();
      return alive && connection.sent(WINDOW_UPDATE, 0).length > 3 ? undefined : "it does not";
    },
  },
  ends(
    "6.9.1",
    "refuses a connection's window over 2^31-1",
    FLOW_CONTROL_ERROR,
    frame(WINDOW_UPDATE, 0, 0, word(MAX_WINDOW)),
  ),
  {
    section: "6.9.1",
    must: "resets a stream whose window exceeds 2^31-1",
    say: [frame(WINDOW_UPDATE, 0, 1, word(MAX_WINDOW))],
    reset: FLOW_CONTROL_ERROR,
  },
  {
    section: "6.9.1",
    must: "sends no more than a stream's window, and goes on when it is widened",
    settings: window(10),
    check: (connection) =>
      sends(connection, { give: 100, more: frame(WINDOW_UPDATE, 0, 3, word(20)), total: 30 }),
  },
  {
    section: "6.9.2",
    must: "moves the windows of open streams with the settings",
    settings: window(10),
    check: (connection) => sends(connection, { give: 100, more: window(15), total: 15 }),
  },
  {
    section: "6.9.2",
    must: "waits while a window is below zero",
    settings: window(10),
    check: (connection) =>
      sends(connection, {
        give: 100,
        more: Buffer.concat([window(0), frame(WINDOW_UPDATE, 0, 3, word(10))]),
        total: 10,
      }),
  },
  {
    section: "6.9.2",
    must: "refuses settings that widen an open stream's window over 2^31-1",
    say: [frame(WINDOW_UPDATE, 0, 1, word(1000)), window(MAX_WINDOW)],
    goAway: FLOW_CONTROL_ERROR,
  },
  {
    section: "6.9.1",
    must: "resets a stream that sends more than its window",
    options: { streamWindowBytes: 65_535 },
    check: async (connection) => {
      const stream = await connection.request();
      stream.pauseResponse();
      await connection.say(headers(3, 0, [":status", "200"]));
      for (let i = 0; i < 5; i++) await connection.say(frame(DATA, 0, 3, Buffer.alloc(16_384)));
      await connection.isAlive();
      const [reset] = connection.sent(RST_STREAM, 3);
      return reset?.payload.readUInt32BE(0) === FLOW_CONTROL_ERROR ? undefined : "it does not";
    },
  },
  ends(
    "6.10",
    "refuses CONTINUATION without a header block",
    PROTOCOL_ERROR,
    frame(CONTINUATION, WHOLE, 1),
  ),
  ends(
    "6.10",
    "refuses CONTINUATION behind the end of a block",
    PROTOCOL_ERROR,
    begun,
    frame(CONTINUATION, WHOLE, 1),
  ),
  ends(
    "6.10",
    "refuses CONTINUATION on stream 0",
    PROTOCOL_ERROR,
    frame(HEADERS, 0, 1),
    frame(CONTINUATION, WHOLE, 0),
  ),
  ends(
    "6.10",
    "refuses CONTINUATION of another stream",
    PROTOCOL_ERROR,
    frame(HEADERS, 0, 1),
    frame(CONTINUATION, WHOLE, 3),
  ),
  {
    section: "6.10",
    must: "puts a block together from any number of pieces",
    say: [
      frame(HEADERS, END, 1),
      ...[...block([":status", "200"], ["a", "b"])].map((byte) =>
        frame(CONTINUATION, 0, 1, Buffer.from([byte])),
      ),
      frame(CONTINUATION, WHOLE, 1),
    ],
    told: OK,
  },
];
