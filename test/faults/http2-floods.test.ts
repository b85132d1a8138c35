import { afterAll, beforeAll, expect, test } from "bun:test";
import { CONTROL_ALLOWANCE, RESET_ALLOWANCE } from "#lib/http2/budget.ts";
import { Flag, FrameType } from "#lib/http2/frame.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { encodeSettings, SETTINGS_ENTRIES_LIMIT } from "#lib/http2/settings.ts";
import { block } from "../conformance/http2/scripted-server.ts";
import { frame, word } from "../fake/http2-rig.ts";
import { AttackBed, type RawPeer } from "./http2-attack.ts";
import { MADE_RESETS, many, request, selfDependency } from "./http2-bytes.ts";

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION } =
  FrameType;
const END = Flag.END_STREAM;
const { ENHANCE_YOUR_CALM } = ErrorCode;
const bed = new AttackBed();
beforeAll(() => bed.start());
afterAll(() => bed.stop());

/** So many more than the burst outrun what comes back while they are worked off. */
const LATER = 200;
const calm = (peer: RawPeer): Promise<void> => peer.endsWith(ENHANCE_YOUR_CALM);
const flood = (make: (index: number) => Buffer, before: Buffer[] = []): Promise<void> =>
  bed.attack(async (peer) => {
    peer.send(...before, many(CONTROL_ALLOWANCE.burst + LATER, make));
    await calm(peer);
  });

test("B1 ends rapid reset with ENHANCE_YOUR_CALM and cancels the work", async () => {
  await bed.attack(async (peer) => {
    const cancelled = (i: number): Buffer =>
      Buffer.concat([request(2 * i + 1, END), frame(RST_STREAM, 0, 2 * i + 1, word(8))]);
    peer.send(many(RESET_ALLOWANCE.burst + LATER, cancelled));
    await calm(peer);
    expect(bed.app.arrivals).toBeLessThan(RESET_ALLOWANCE.burst + LATER);
  });
});

test("B2 ends streams that the peer has us reset, by each of six ways, with ENHANCE_YOUR_CALM", async () => {
  for (const [, primitive] of MADE_RESETS)
    await bed.attack(
      async (peer) => {
        const made = (i: number): Buffer =>
          Buffer.concat([request(2 * i + 1, END), primitive(2 * i + 1)]);
        peer.send(many(RESET_ALLOWANCE.burst + LATER, made));
        await calm(peer);
      },
      { doors: ["inbound"] },
    );
});

test("B3 ends a header block without end, by frames and by bytes", async () => {
  for (const piece of [Buffer.alloc(0), Buffer.from("x"), Buffer.alloc(16_384)])
    await bed.attack(async (peer) => {
      peer.send(frame(HEADERS, END, 1, block([":method", "GET"])));
      for (let i = 0; i < 40 && !peer.ended; i++) peer.send(frame(CONTINUATION, 0, 1, piece));
      await calm(peer);
    });
});

test("B4 ends SETTINGS that come too often or have too many entries", async () => {
  await flood(() => frame(SETTINGS, 0, 0));
  await flood(() => frame(SETTINGS, Flag.ACK, 0));
  const entries = (count: number): Buffer =>
    frame(
      SETTINGS,
      0,
      0,
      encodeSettings(Array.from({ length: count }, () => [5, 16_384] as const)),
    );
  await bed.attack(async (peer) => {
    peer.send(entries(SETTINGS_ENTRIES_LIMIT), request(1, END, "/other"));
    expect(await peer.statusOf(1)).toBe("200");
    peer.send(entries(SETTINGS_ENTRIES_LIMIT + 1));
    await calm(peer);
  });
  await bed.attack(async (peer) => {
    peer.send(entries(2730));
    await calm(peer);
  });
});

test("B5 ends PINGs whose answers nobody reads", async () => {
  await bed.attack(async (peer) => {
    peer.socket.pause();
    peer.send(many(CONTROL_ALLOWANCE.burst + LATER, () => frame(PING, 0, 0, Buffer.alloc(8))));
    peer.socket.resume();
    await calm(peer);
    expect(peer.count(PING)).toBeLessThan(CONTROL_ALLOWANCE.burst + LATER);
  });
  await flood(() => frame(PING, 0, 0, Buffer.alloc(8)));
  await flood(() => frame(PING, Flag.ACK, 0, Buffer.alloc(8)));
});

test("B6 ends empty DATA and empty HEADERS", async () => {
  await flood(() => frame(DATA, 0, 1), [request(1, 0)]);
  await flood(() => frame(DATA, Flag.PADDED, 1, Buffer.alloc(1)), [request(1, 0)]);
  await flood((i) => frame(HEADERS, Flag.END_HEADERS | END, 2 * i + 1));
});

test("B7 ends WINDOW_UPDATEs that nothing was sent for", async () => {
  await flood(() => frame(WINDOW_UPDATE, 0, 0, word(1)));
  await flood(() => frame(WINDOW_UPDATE, 0, 1, word(1)), [request(1, END)]);
});

test("B8 ends PRIORITY that comes too often, and takes no stream that depends on itself", async () => {
  await flood((i) => frame(PRIORITY, 0, 2 * i + 1, Buffer.alloc(5)));
  await bed.attack(async (peer) => {
    peer.send(request(1, END), selfDependency(1));
    await peer.isReset(1, ErrorCode.PROTOCOL_ERROR);
  });
});
