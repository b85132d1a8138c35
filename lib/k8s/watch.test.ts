import { expect, test } from "bun:test";
import { WATCH_LINE_LIMIT, type WatchEvent, WatchParser } from "./watch.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const read = (text: string, size: number): WatchEvent[] => {
  const parser = new WatchParser();
  const all = bytes(text);
  const events: WatchEvent[] = [];
  for (let at = 0; at < all.length; at += size)
    events.push(...parser.push(all.subarray(at, at + size)));
  return events;
};

const STREAM = [
  { type: "ADDED", object: { metadata: { name: "ä" } } },
  { type: "BOOKMARK", object: { metadata: { resourceVersion: "7" } } },
  { type: "DELETED", object: {} },
  { type: "ERROR", object: { code: 410 } },
  { type: "ERROR", object: { code: 500, message: "no" } },
]
  .map((event) => `${JSON.stringify(event)}\n`)
  .join("\n");

const EVENTS: WatchEvent[] = [
  { type: "ADDED", object: { metadata: { name: "ä" } } },
  { type: "BOOKMARK", resourceVersion: "7" },
  { type: "DELETED", object: {} },
  { type: "EXPIRED" },
  { type: "ERROR", status: 500, message: "no" },
];

test("WatchParser.push() gives the same events for any chunking", () => {
  for (const size of [1, 2, 3, 7, 64, 10_000]) expect(read(STREAM, size)).toEqual(EVENTS);
});

test("WatchParser.push() fills in what an event leaves out", () => {
  expect(read('{"type":"BOOKMARK"}\n{"type":"ERROR"}\n', 100)).toEqual([
    { type: "BOOKMARK", resourceVersion: "" },
    { type: "ERROR", status: 0, message: "" },
  ]);
});

test.each(["{\n", "3\n", "null\n", '{"type":"NEW"}\n'])(
  "WatchParser.push() passes over %p",
  (text) => {
    const events = read(`${text}${STREAM}`, 100);
    expect(events[0]?.type).toBe("UNREADABLE");
    expect(events.slice(1)).toEqual(EVENTS);
  },
);

test("WatchParser.push() holds a line of WATCH_LINE_LIMIT bytes and not one more", () => {
  const parser = new WatchParser();
  expect(parser.push(new Uint8Array(WATCH_LINE_LIMIT).fill(0x20))).toEqual([]);
  expect(parser.push(bytes("\n"))).toEqual([]);
  parser.push(new Uint8Array(WATCH_LINE_LIMIT).fill(0x20));
  parser.push(new Uint8Array(WATCH_LINE_LIMIT).fill(0x20));
  expect(parser.push(bytes(`\n${STREAM}`))).toEqual([
    {
      type: "UNREADABLE",
      message: `Cannot read watch event: it is longer than ${WATCH_LINE_LIMIT} bytes`,
    },
    ...EVENTS,
  ]);
});
