/** Every type of frame, as a client must take it (RFC 9113 §6). */

import { Flag, FrameType } from "#lib/http2/frame.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { MAX_WINDOW, SettingId } from "#lib/http2/settings.ts";
import { frame, word } from "../../fake/http2-rig.ts";
import { type ClientCase, ends, sends, settings } from "./client-case.ts";
import { headers } from "./scripted-server.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY } = FrameType;
const { FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR } = ErrorCode;
const END = Flag.END_STREAM;
const WHOLE = Flag.END_HEADERS;
const OK = ["200 end"];
const answer = headers(1, END, [":status", "200"]);
const begun = headers(1, 0, [":status", "200"]);
const x = Buffer.from("x");
const window = (size: number): Buffer => settings([SettingId.INITIAL_WINDOW_SIZE, size]);

/** Frame by frame. */
export const FRAME_CASES: readonly ClientCase[] = [
  ends("6.1", "refuses DATA on stream 0", PROTOCOL_ERROR, frame(DATA, 0, 0, x)),
  ends(
    "6.1",
    "refuses padding as long as DATA",
    PROTOCOL_ERROR,
    begun,
    frame(DATA, 8, 1, Buffer.from([1])),
  ),
  {
    section: "6.1",
    must: "takes padding off DATA",
    say: [begun, frame(DATA, END | 8, 1, Buffer.from("\x02ab\0\0"))],
    told: ["200", "data 2", "end"],
  },
  ends("6.2", "refuses HEADERS on stream 0", PROTOCOL_ERROR, headers(0, END, [":status", "200"])),
  ends(
    "6.2",
    "refuses padding as long as HEADERS",
    PROTOCOL_ERROR,
    frame(HEADERS, WHOLE | 8, 1, Buffer.from([1])),
  ),
  ends(
    "6.2",
    "refuses HEADERS without room for their priority",
    FRAME_SIZE_ERROR,
    frame(HEADERS, WHOLE | 32, 1, Buffer.alloc(4)),
  ),
  ends(
    "6.3",
    "refuses PRIORITY on stream 0",
    PROTOCOL_ERROR,
    frame(PRIORITY, 0, 0, Buffer.alloc(5)),
  ),
  {
    section: "6.3",
    must: "resets a stream for PRIORITY of another length",
    say: [frame(PRIORITY, 0, 1, Buffer.alloc(4))],
    reset: FRAME_SIZE_ERROR,
  },
  ends("6.4", "refuses RST_STREAM on stream 0", PROTOCOL_ERROR, frame(RST_STREAM, 0, 0, word(8))),
  ends(
    "6.4",
    "refuses RST_STREAM of another length",
    FRAME_SIZE_ERROR,
    frame(RST_STREAM, 0, 1, Buffer.alloc(5)),
  ),
  ends("6.5", "refuses SETTINGS on a stream", PROTOCOL_ERROR, frame(SETTINGS, 0, 1)),
  ends(
    "6.5",
    "refuses SETTINGS of a broken length",
    FRAME_SIZE_ERROR,
    frame(SETTINGS, 0, 0, Buffer.alloc(5)),
  ),
  ends(
    "6.5",
    "refuses an acknowledgement with entries",
    FRAME_SIZE_ERROR,
    frame(SETTINGS, 1, 0, Buffer.alloc(6)),
  ),
  ends(
    "6.5.2",
    "refuses a server that enables push",
    PROTOCOL_ERROR,
    settings([SettingId.ENABLE_PUSH, 1]),
  ),
  ends(
    "6.5.2",
    "refuses ENABLE_PUSH of neither 0 nor 1",
    PROTOCOL_ERROR,
    settings([SettingId.ENABLE_PUSH, 2]),
  ),
  ends("6.5.2", "refuses a window over 2^31-1", FLOW_CONTROL_ERROR, window(2 ** 31)),
  ends(
    "6.5.2",
    "refuses MAX_FRAME_SIZE below 2^14",
    PROTOCOL_ERROR,
    settings([SettingId.MAX_FRAME_SIZE, 16_383]),
  ),
  ends(
    "6.5.2",
    "refuses MAX_FRAME_SIZE over 2^24-1",
    PROTOCOL_ERROR,
    settings([SettingId.MAX_FRAME_SIZE, 2 ** 24]),
  ),
  {
    section: "6.5.2",
    must: "passes over settings that it does not know",
    say: [settings([0xf0f0, 1], [0, 0]), answer],
    told: OK,
  },
  {
    section: "6.5.3",
    must: "acknowledges SETTINGS, and no acknowledgement",
    say: [settings(), frame(SETTINGS, Flag.ACK, 0)],
    check: async (connection) => {
      const count = connection.sent(SETTINGS).filter(({ flags }) => flags === Flag.ACK).length;
      return count === 2 ? undefined : `${count} acknowledgements`;
    },
  },
  {
    section: "6.5.3",
    must: "applies settings in the order in which they stand",
    settings: settings([SettingId.INITIAL_WINDOW_SIZE, 100], [SettingId.INITIAL_WINDOW_SIZE, 5]),
    check: (connection) => sends(connection, { give: 200, total: 5 }),
  },
  {
    section: "6.7",
    must: "answers PING with the same bytes, and no answer",
    say: [frame(PING, 0, 0, Buffer.from("12345678")), frame(PING, Flag.ACK, 0, Buffer.alloc(8))],
    check: async (connection) => {
      const answers = connection.sent(PING).map(({ payload }) => payload.toString());
      return answers.join() === "12345678,alive!!!" ? undefined : answers.join();
    },
  },
  ends("6.7", "refuses PING on a stream", PROTOCOL_ERROR, frame(PING, 0, 1, Buffer.alloc(8))),
  ends(
    "6.7",
    "refuses PING of another length",
    FRAME_SIZE_ERROR,
    frame(PING, 0, 0, Buffer.alloc(7)),
  ),
  ends("6.8", "refuses GOAWAY on a stream", PROTOCOL_ERROR, frame(GOAWAY, 0, 1, Buffer.alloc(8))),
  ends(
    "6.8",
    "refuses GOAWAY that is too short",
    FRAME_SIZE_ERROR,
    frame(GOAWAY, 0, 0, Buffer.alloc(7)),
  ),
  {
    section: "6.8",
    must: "opens no stream after GOAWAY, finishes those up to its number, and knows the others unprocessed",
    check: async (connection) => {
      await connection.request();
      await connection.say(frame(GOAWAY, 0, 0, Buffer.concat([word(1), word(0)])));
      const alive = await connection.isAlive();
      const available = await connection.isAvailable();
      await connection.say(answer);
      const ended = await connection.until(() => connection.ended);
      const told = connection.told.join();
      return alive && !available && ended && told === "reset go-away unprocessed,200 end"
        ? undefined
        : `${alive} ${available} ${ended} ${told}`;
    },
  },
  {
    section: "6.8",
    must: "takes GOAWAY in two steps",
    say: [
      frame(GOAWAY, 0, 0, Buffer.concat([word(MAX_WINDOW), word(0)])),
      frame(GOAWAY, 0, 0, Buffer.concat([word(1), word(0), Buffer.from("debug")])),
    ],
    told: [],
  },
];
