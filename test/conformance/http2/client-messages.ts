/** Requests and responses, as a client must write and take them (RFC 9113 §8). */

import { HeaderList } from "#lib/http/headers.ts";
import { Flag, FrameType } from "#lib/http2/frame.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { frame, word } from "../../fake/http2-rig.ts";
import type { ClientCase } from "./client-case.ts";
import { headers } from "./scripted-server.ts";

const { DATA, HEADERS, RST_STREAM } = FrameType;
const END = Flag.END_STREAM;
const STATUS = [":status", "200"] as const;
const begun = headers(1, 0, STATUS);
const x = Buffer.from("x");
const resets = (section: string, must: string, ...say: Buffer[]): ClientCase => ({
  section,
  must,
  say,
  reset: ErrorCode.PROTOCOL_ERROR,
  told: say.length > 1 ? ["200", "reset cancelled"] : ["reset cancelled"],
});
/** A response, or its trailers, with fields that it may not have. */
const malformed = (
  section: string,
  what: string,
  ...fields: (readonly [string, string])[]
): ClientCase => resets(section, `resets a stream for ${what}`, headers(1, END, ...fields));

/** Messages, both ways. */
export const MESSAGE_CASES: readonly ClientCase[] = [
  resets("8.1", "resets a stream for DATA before its head", frame(DATA, 0, 1, x)),
  resets(
    "8.1",
    "resets a stream for trailers that do not end it",
    begun,
    headers(1, 0, ["a", "b"]),
  ),
  resets("8.1", "resets a stream for 1xx that ends it", headers(1, END, [":status", "103"])),
  {
    section: "8.1",
    must: "takes 1xx responses before the final one, and trailers behind the body",
    say: [
      headers(1, 0, [":status", "100"]),
      headers(1, 0, [":status", "103"], ["link", "a"]),
      begun,
      frame(DATA, 0, 1, x),
      headers(1, END, ["a", "b"]),
    ],
    told: ["100", "103", "200", "data 1", "end a"],
  },
  {
    section: "8.1",
    must: "keeps a whole response behind which the server wants no more of the request",
    open: true,
    say: [headers(1, END, STATUS), frame(RST_STREAM, 0, 1, word(ErrorCode.NO_ERROR))],
    told: ["200 end"],
  },
  {
    section: "8.1",
    must: "calls the rest of a request off when its response is whole",
    open: true,
    say: [headers(1, END, STATUS)],
    reset: ErrorCode.CANCEL,
    told: ["200 end"],
  },
  {
    section: "8.1",
    must: "ends its request with trailers",
    check: async (connection) => {
      const stream = await connection.request({}, false);
      stream.sendBytes(x, 0, x.length);
      stream.sendEnd(HeaderList.of(["a", "b"]));
      await connection.isAlive();
      const sent = connection.frames.filter(({ streamId }) => streamId === 3);
      const flags = sent.map(({ type, flags }) => `${type}:${flags}`).join();
      return flags === `${HEADERS}:4,${DATA}:0,${HEADERS}:5` ? undefined : flags;
    },
  },
  resets(
    "8.1.1",
    "resets a stream with more than its content-length",
    headers(1, 0, STATUS, ["content-length", "1"]),
    frame(DATA, 0, 1, Buffer.from("xy")),
  ),
  resets(
    "8.1.1",
    "resets a stream with less than its content-length",
    headers(1, 0, STATUS, ["content-length", "3"]),
    frame(DATA, END, 1, x),
  ),
  malformed("8.1.1", "a content-length without a body", STATUS, ["content-length", "1"]),
  malformed("8.1.1", "a content-length that is no number", STATUS, ["content-length", "+1"]),
  malformed(
    "8.1.1",
    "two content-lengths",
    STATUS,
    ["content-length", "0"],
    ["content-length", "0"],
  ),
  {
    section: "8.1.1",
    must: "takes a length without a body for HEAD",
    head: { method: "HEAD" },
    say: [headers(1, END, STATUS, ["content-length", "5"])],
    told: ["200 end"],
  },
  {
    section: "8.1.1",
    must: "takes a length without a body with 304",
    say: [headers(1, END, [":status", "304"], ["content-length", "5"])],
    told: ["304 end"],
  },
  malformed("8.2.1", "an upper-case name", STATUS, ["A", "b"]),
  malformed("8.2.1", "a name that is no token", STATUS, ["a b", "c"]),
  malformed("8.2.1", "an empty name", STATUS, ["", "c"]),
  malformed("8.2.1", "a colon in a name", STATUS, ["a:b", "c"]),
  malformed("8.2.1", "NUL in a value", STATUS, ["a", "b\0"]),
  malformed("8.2.1", "CR in a value", STATUS, ["a", "b\rc"]),
  malformed("8.2.1", "LF in a value", STATUS, ["a", "b\nc"]),
  malformed("8.2.1", "a blank before a value", STATUS, ["a", " b"]),
  malformed("8.2.1", "a tab behind a value", STATUS, ["a", "b\t"]),
  malformed("8.2.2", "connection", STATUS, ["connection", "close"]),
  malformed("8.2.2", "transfer-encoding", STATUS, ["transfer-encoding", "chunked"]),
  malformed("8.2.2", "keep-alive", STATUS, ["keep-alive", "timeout=5"]),
  malformed("8.2.2", "upgrade", STATUS, ["upgrade", "h2c"]),
  malformed("8.2.2", "proxy-connection", STATUS, ["proxy-connection", "close"]),
  {
    section: "8.2.2",
    must: "sends no fields that belong to a connection",
    head: { headers: HeaderList.of(["connection", "x"], ["upgrade", "h2c"], ["a", "b"]) },
    check: async (connection) => {
      const fields = connection.sent(HEADERS).flatMap((sent) => connection.fieldsOf(sent));
      return fields.filter((each) => !each.startsWith(":")).join() === "a: b"
        ? undefined
        : fields.join();
    },
  },
  malformed("8.3", "an unknown pseudo-header", STATUS, [":x", "y"]),
  malformed("8.3", "a pseudo-header behind a field", ["a", "b"], STATUS),
  malformed("8.3", "a pseudo-header of requests", STATUS, [":path", "/"]),
  malformed("8.3", "a repeated pseudo-header", STATUS, STATUS),
  malformed("8.3.2", "no status", ["a", "b"]),
  malformed("8.3.2", "a status that is none", [":status", "2x0"]),
  malformed("8.6", "a status of 101", [":status", "101"]),
  resets("8.1", "resets a stream for pseudo-headers in trailers", begun, headers(1, END, STATUS)),
  {
    section: "8.3.1",
    must: "sends one method, scheme, path and authority, before all fields",
    head: { path: "/a?b", headers: HeaderList.of(["x", "y"]) },
    check: async (connection) => {
      const fields = connection.sent(HEADERS).flatMap((sent) => connection.fieldsOf(sent));
      const expected = ":method: GET,:scheme: http,:path: /a?b,:authority: a,x: y";
      return fields.join() === expected ? undefined : fields.join();
    },
  },
  {
    section: "8.5",
    must: "sends CONNECT with an authority alone, and goes on both ways",
    head: { method: "CONNECT", path: "", scheme: "", authority: "a:1" },
    open: true,
    say: [
      headers(1, 0, STATUS, ["content-length", "0"]),
      frame(DATA, 0, 1, x),
      frame(DATA, END, 1),
    ],
    told: ["200", "data 1", "end"],
    check: async (connection) => {
      const fields = connection.sent(HEADERS).flatMap((sent) => connection.fieldsOf(sent));
      const ended = connection.sent(RST_STREAM).length > 0;
      return fields.join() === ":method: CONNECT,:authority: a:1" && !ended
        ? undefined
        : `${fields.join()} ${ended}`;
    },
  },
];
