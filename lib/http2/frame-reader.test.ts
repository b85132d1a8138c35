import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { frame } from "../../test/fake/http2-rig.ts";
import { FrameType, MAX_FRAME_BYTES, PREFACE } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";

describe("FrameReader", () => {
  test("reads what FrameWriter wrote, in any pieces", () => {
    const writer = new FrameWriter();
    writer.out.push(PREFACE);
    writer.headers(1, Buffer.alloc(MAX_FRAME_BYTES * 2 + 9, 7), MAX_FRAME_BYTES * 2 + 5, true);
    writer.data(1, 1, Buffer.from("abcdef"), 2, 3);
    writer.windowUpdate(0, 5);
    writer.rstStream(2 ** 31 - 1, 8);
    writer.goAway(3, 1);
    const bytes = Buffer.from(writer.out.view());
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 5000 })), (sizes) => {
        const seen: (readonly [number, number, number, number])[] = [];
        const reader = new FrameReader("server");
        for (let at = 0; at < bytes.length; ) {
          const size = sizes.next().value ?? 1;
          reader.receive(bytes.subarray(at, at + size), {
            onFrame: ({ type, flags, streamId, length }) => {
              seen.push([type, flags, streamId, length]);
            },
          });
          at += size;
        }
        expect(seen).toEqual([
          [FrameType.HEADERS, 1, 1, MAX_FRAME_BYTES],
          [FrameType.CONTINUATION, 0, 1, MAX_FRAME_BYTES],
          [FrameType.CONTINUATION, 4, 1, 5],
          [FrameType.DATA, 1, 1, 3],
          [FrameType.WINDOW_UPDATE, 0, 0, 4],
          [FrameType.RST_STREAM, 0, 2 ** 31 - 1, 4],
          [FrameType.GOAWAY, 0, 0, 8],
        ]);
      }),
      { numRuns: 20 },
    );
  });

  test("refuses another preface and a frame too large", () => {
    const sink = { onFrame: () => undefined };
    expect(() => new FrameReader("server").receive(Buffer.from("PRI x"), sink)).toThrow("preface");
    const large = Buffer.from([0, 0x40, 1, 0, 0, 0, 0, 0, 1]);
    expect(() => new FrameReader("client").receive(large, sink)).toThrow("exceed 16384");
    expect(new FrameReader("client", 16_385).receive(large, sink)).toBe(large.length);
  });
});

test("FrameReader takes frames until they have cost as much as may be, and goes on from there", () => {
  const seen: number[] = [];
  const sink = {
    onFrame: ({ streamId }: { readonly streamId: number }) => void seen.push(streamId),
  };
  const ping = (id: number): Buffer => frame(FrameType.PING, 0, id, Buffer.alloc(8));
  const bytes = Buffer.concat([ping(1), ping(2), frame(FrameType.HEADERS, 0, 3), ping(4), ping(5)]);
  const reader = new FrameReader("client");
  const first = reader.receive(bytes, sink, 2);
  expect([first, ...seen]).toEqual([34, 1, 2]);
  const second = reader.receive(bytes.subarray(first), sink, 2);
  expect([second, ...seen]).toEqual([9, 1, 2, 3]);
  expect(reader.receive(bytes.subarray(first + second), sink)).toBe(34);
  expect(seen).toEqual([1, 2, 3, 4, 5]);
});
