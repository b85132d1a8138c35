import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { frame, GET, Http2Rig, word } from "../../test/fake/http2-rig.ts";
import { Flag, FrameType } from "./frame.ts";
import { ErrorCode } from "./http2-error.ts";
import { decodeSettings, encodeSettings } from "./settings.ts";

const RUNS = 1000;
type Role = "client" | "server";

/** A frame of any kind: what a peer may send, what it may not, and noise. */
function anyFrame(role: Role): fc.Arbitrary<(rig: Http2Rig) => Buffer> {
  const id = fc.constantFrom(1, 1, 3, 3, 5, 2, 0);
  const flags = fc.constantFrom(0, 1, 4, 5, 8, 0x2d);
  const payload = fc.uint8Array({ maxLength: 40 });
  const head = fc.tuple(id, fc.constantFrom(0, Flag.END_STREAM), fc.string({ maxLength: 30 }));
  return fc.oneof(
    {
      weight: 4,
      arbitrary: head.map(
        ([streamId, end, text]) =>
          (rig: Http2Rig) =>
            role === "server"
              ? rig.request(streamId, end, ["x", text.trim()])
              : rig.response(streamId, end, "200", ["x", text.trim()]),
      ),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(id, flags, payload).map(
        ([streamId, flag, bytes]) =>
          () =>
            frame(FrameType.DATA, flag, streamId, bytes),
      ),
    },
    fc.tuple(id, fc.nat(70_000)).map(
      ([streamId, more]) =>
        () =>
          frame(FrameType.WINDOW_UPDATE, 0, streamId, word(more)),
    ),
    fc.tuple(id, fc.nat(12)).map(
      ([streamId, code]) =>
        () =>
          frame(FrameType.RST_STREAM, 0, streamId, word(code)),
    ),
    fc.tuple(fc.nat(9), fc.nat(70_000)).map(
      ([setting, value]) =>
        () =>
          frame(FrameType.SETTINGS, 0, 0, encodeSettings([[setting, value]])),
    ),
    fc.constant(() => frame(FrameType.PING, 0, 0, Buffer.alloc(8))),
    fc.tuple(fc.nat(11), flags, id, payload).map(
      ([type, flag, streamId, bytes]) =>
        () =>
          frame(type, flag, streamId, bytes),
    ),
  );
}

/** What a connection makes of bytes, given in pieces. */
function outcome(role: Role, bytes: Buffer, sizes: () => number): unknown {
  const rig = new Http2Rig(role);
  if (role === "client") for (let i = 0; i < 3; i++) rig.connection.open(GET, i > 0);
  rig.take();
  for (let at = 0; at < bytes.length; ) {
    const size = sizes();
    rig.give(bytes.subarray(at, at + size));
    at += size;
  }
  return {
    log: rig.log,
    failure: rig.connection.failure?.message,
    active: rig.connection.activeStreams,
    sent: rig.take().map(({ payload, ...rest }) => ({ ...rest, payload: payload.toString("hex") })),
  };
}

describe.each<Role>(["server", "client"])("a %s", (role) => {
  test("sees and says the same however its bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame(role), { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 60 })),
        (frames, sizes) => {
          const writer = new Http2Rig(role);
          const bytes = Buffer.concat(frames.map((make) => make(writer)));
          const cut = outcome(role, bytes, () => sizes.next().value ?? 1);
          expect(cut).toEqual(outcome(role, bytes, () => bytes.length));
          expect(outcome(role, bytes, () => 1)).toEqual(cut);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("waits for the rest wherever its bytes end", () => {
    const rig = new Http2Rig(role);
    const head = (id: number): Buffer =>
      role === "server" ? rig.request(id, 0, ["x", "y"]) : rig.response(id, 0, "200", ["x", "y"]);
    const whole = head(1);
    const split = [
      frame(FrameType.HEADERS, 0, 1, whole.subarray(9, 12)),
      frame(FrameType.CONTINUATION, Flag.END_HEADERS, 1, whole.subarray(12)),
    ];
    const rest = [
      frame(FrameType.DATA, Flag.PADDED, 1, Buffer.from("\x02abc\0\0")),
      frame(FrameType.SETTINGS, 0, 0, encodeSettings([[4, 100]])),
      frame(FrameType.WINDOW_UPDATE, 0, 0, word(5)),
      frame(FrameType.PING, 0, 0, Buffer.alloc(8)),
      frame(FrameType.DATA, Flag.END_STREAM, 1, Buffer.from("x")),
    ];
    const bytes = Buffer.concat([...split, ...rest]);
    const all = outcome(role, bytes, () => bytes.length) as { readonly log: readonly string[] };
    expect(all.log.length).toBeGreaterThan(3);
    for (let end = 0; end <= bytes.length; end++) {
      const { log, failure } = outcome(role, bytes.subarray(0, end), () => 7) as {
        readonly log: string[];
        readonly failure: string | undefined;
      };
      expect(failure).toBeUndefined();
      expect(all.log.slice(0, log.length)).toEqual(log);
    }
  });

  test("refuses a header block that is cut off at any byte", () => {
    for (let end = 0; ; end++) {
      const rig = new Http2Rig(role);
      if (role === "client") rig.connection.open(GET, true);
      const whole =
        role === "server" ? rig.request(1, 1, ["x", "y"]) : rig.response(1, 1, "200", ["x", "y"]);
      if (end >= whole.length - 9) return;
      rig.take();
      rig.give(
        frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 1, whole.subarray(9, 9 + end)),
      );
      const code = rig.connection.failure?.code;
      // Between two fields the block is whole, and one of a request is missing, or an `x` of a response.
      if (code === undefined)
        expect([ErrorCode.PROTOCOL_ERROR, undefined]).toContain(rig.resetCode() as never);
      else expect(code).toBe(ErrorCode.COMPRESSION_ERROR);
    }
  });
});

test("decodeSettings() takes whole entries and nothing else", () => {
  const payload = encodeSettings([
    [1, 4096],
    [3, 100],
  ]);
  for (let end = 0; end <= payload.length; end++) {
    const read = (): unknown => decodeSettings(payload.subarray(0, end));
    if (end % 6 === 0) expect(read()).toHaveLength(end / 6);
    else expect(read).toThrow(expect.objectContaining({ code: ErrorCode.FRAME_SIZE_ERROR }));
  }
});
