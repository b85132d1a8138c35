import { expect, test } from "bun:test";
import fc from "fast-check";
import { HpackEncoder } from "#lib/hpack/encoder.ts";
import type { ChannelObserver, ChannelOptions, Outlet, Wire } from "./channel.ts";
import { Http1Wire } from "./http1.ts";
import { Http2Wire } from "./http2.ts";

const OPTIONS: ChannelOptions = {
  protocol: "http1",
  ip: "127.0.0.1",
  port: 1,
  authority: "a",
  path: "/",
  streams: 3,
  payloadBytes: 1,
};

function rig<W extends Wire>(
  make: (outlet: Outlet, observer: ChannelObserver) => W,
): { readonly wire: W; readonly log: string[] } {
  const log: string[] = [];
  const outlet = { write: () => undefined, end: () => void log.push("end") };
  const observer: ChannelObserver = {
    onFree: () => void log.push("free"),
    onAnswer: (scheduledMs, ok) => void log.push(`${scheduledMs} ${ok}`),
    onClosed: () => undefined,
  };
  return { wire: make(outlet, observer), log };
}

function give(wire: Wire, bytes: Buffer, cuts: readonly number[]): void {
  let from = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    const to = Math.min(cut, bytes.length);
    if (to > from) wire.onData(bytes.subarray(from, to));
    from = Math.max(from, to);
  }
}

const CUTS = fc.array(fc.nat(400), { maxLength: 12 });

test("HTTP/1 requests carry a body by its length in bytes", () => {
  const written: string[] = [];
  const outlet = {
    write: (bytes: Uint8Array) => void written.push(String(bytes)),
    end: () => undefined,
  };
  const observer = {
    onFree: () => undefined,
    onAnswer: () => undefined,
    onClosed: () => undefined,
  };
  for (const body of [undefined, '"ü"'])
    new Http1Wire({ ...OPTIONS, ...(body !== undefined && { body }) }, outlet, observer).send(0);
  expect(written).toEqual([
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n"ü"',
  ]);
});

test("HTTP/1 answers are read from any chunking", () => {
  const answers: [string, boolean][] = [
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true],
    ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", true],
    ["HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", false],
  ];
  fc.assert(
    fc.property(CUTS, (cuts) => {
      const { wire, log } = rig((outlet, observer) => new Http1Wire(OPTIONS, outlet, observer));
      wire.onOpen();
      for (const [i, [text]] of answers.entries()) {
        wire.send(i);
        give(wire, Buffer.from(text, "latin1"), cuts);
      }
      const expected = answers.flatMap(([, ok], i) => [`${i} ${ok}`, "free"]);
      expect(log).toEqual(["free", ...expected]);
    }),
    { numRuns: 1000 },
  );
});

test("an HTTP/1 answer without a length ends the connection and is a failure", () => {
  const { wire, log } = rig((outlet, observer) => new Http1Wire(OPTIONS, outlet, observer));
  wire.send(7);
  wire.onData(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"));
  expect(log).toEqual(["7 false", "end"]);
});

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

function block(encoder: HpackEncoder, status: string): Buffer {
  encoder.begin();
  encoder.field(":status", status);
  encoder.field("content-type", "text/plain");
  return Buffer.from(encoder.bytes.subarray(0, encoder.length));
}

test("HTTP/2 answers are read from any chunking", () => {
  fc.assert(
    fc.property(CUTS, (cuts) => {
      const { wire, log } = rig((outlet, observer) => new Http2Wire(OPTIONS, outlet, observer));
      const encoder = new HpackEncoder();
      wire.onOpen();
      for (const due of [10, 11, 12]) wire.send(due);
      const second = block(encoder, "200");
      const bytes = Buffer.concat([
        frame(4, 0, 0, Buffer.alloc(0)),
        frame(1, 0, 3, second.subarray(0, 2)),
        frame(9, 4, 3, second.subarray(2)),
        frame(1, 5, 1, block(encoder, "503")),
        frame(6, 0, 0, Buffer.alloc(8)),
        frame(0, 1, 3, Buffer.alloc(100)),
        frame(3, 0, 5, Buffer.alloc(4)),
      ]);
      give(wire, bytes, cuts);
      expect(log).toEqual([
        ...["free", "free", "free"],
        ...["10 false", "free", "11 true", "free", "12 false", "free"],
      ]);
    }),
    { numRuns: 1000 },
  );
});

test("requests without an answer are failures when the connection goes, and GOAWAY ends it", () => {
  const { wire, log } = rig((outlet, observer) => new Http2Wire(OPTIONS, outlet, observer));
  wire.send(1);
  wire.send(2);
  wire.onData(frame(7, 0, 0, Buffer.alloc(8)));
  wire.onData(frame(1, 5, 1, block(new HpackEncoder(), "200")));
  wire.onGone();
  expect(log).toEqual(["1 true", "2 false"]);
});

test("HTTP/1 sends nothing more on a connection whose answer was its last", () => {
  const { wire, log } = rig((outlet, observer) => new Http1Wire(OPTIONS, outlet, observer));
  wire.onOpen();
  (wire as Http1Wire).send(1);
  wire.onData(Buffer.from("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"));
  expect(log).toEqual(["free", "1 true", "end"]);
});
