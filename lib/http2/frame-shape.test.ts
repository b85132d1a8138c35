import { describe, expect, test } from "bun:test";
import { Frame, FrameType } from "./frame.ts";
import { checkShape, unpad } from "./frame-shape.ts";

const { DATA, HEADERS, CONTINUATION, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE } =
  FrameType;
function frame(type: number, flags: number, streamId: number, payload: Buffer): Frame {
  return Object.assign(new Frame(), { type, flags, streamId, bytes: payload, to: payload.length });
}

const bytes = (length: number) => Buffer.alloc(length);

describe("checkShape()", () => {
  test("accepts what each type allows", () => {
    for (const [type, id, length] of [
      [DATA, 1, 0],
      [PRIORITY, 1, 5],
      [RST_STREAM, 1, 4],
      [SETTINGS, 0, 12],
      [PING, 0, 8],
      [GOAWAY, 0, 9],
      [WINDOW_UPDATE, 0, 4],
      [77, 0, 1],
    ] as const)
      checkShape(frame(type, 0, id, bytes(length)));
  });

  test.each([
    [DATA, 0, 0, 0, 1],
    [HEADERS, 0, 0, 0, 1],
    [CONTINUATION, 0, 0, 0, 1],
    [PRIORITY, 0, 0, 5, 1],
    [PRIORITY, 0, 1, 4, 6],
    [RST_STREAM, 0, 1, 5, 6],
    [RST_STREAM, 0, 0, 4, 1],
    [SETTINGS, 0, 1, 0, 1],
    [SETTINGS, 0, 0, 5, 6],
    [SETTINGS, 1, 0, 6, 6],
    [PING, 0, 1, 8, 1],
    [PING, 0, 0, 7, 6],
    [GOAWAY, 0, 1, 8, 1],
    [GOAWAY, 0, 0, 7, 6],
    [WINDOW_UPDATE, 0, 0, 3, 6],
  ])(
    "refuses type %i, flags %i, stream %i, length %i with code %i",
    (type, flags, id, length, code) => {
      expect(() => checkShape(frame(type, flags, id, bytes(length)))).toThrow(
        expect.objectContaining({ code }),
      );
    },
  );
});

describe("unpad()", () => {
  test("cuts padding off and refuses more than there is", () => {
    const unpadded = (flags: number, ...payload: number[]): number[] => {
      const padded = frame(DATA, flags, 1, Buffer.from([9, ...payload, 9]));
      padded.from += 1;
      padded.to -= 1;
      unpad(padded);
      return [...padded.view()];
    };
    expect(unpadded(8, 1, 7, 0)).toEqual([7]);
    expect(unpadded(0, 1, 7)).toEqual([1, 7]);
    expect(() => unpadded(8, 2, 7)).toThrow();
    expect(() => unpadded(8)).toThrow();
  });
});
