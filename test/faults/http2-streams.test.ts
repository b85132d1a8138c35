import { afterAll, beforeAll, expect, test } from "bun:test";
import { Flag, FrameType } from "#lib/http2/frame.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { encodeSettings, SettingId } from "#lib/http2/settings.ts";
import { headers } from "../conformance/http2/scripted-server.ts";
import { frame, word } from "../fake/http2-rig.ts";
import { AttackBed, type RawPeer } from "./http2-attack.ts";
import { data, request } from "./http2-bytes.ts";

const { DATA, SETTINGS, WINDOW_UPDATE } = FrameType;
const END = Flag.END_STREAM;
const { PROTOCOL_ERROR, FLOW_CONTROL_ERROR } = ErrorCode;
const bed = new AttackBed();
beforeAll(() => bed.start());
afterAll(() => bed.stop());

/** These bytes end the connection with this code. */
const ends = (code: number, ...bytes: Buffer[]): Promise<void> =>
  bed.attack(async (peer) => {
    peer.send(...bytes);
    await peer.endsWith(code);
    expect(bed.app.arrivals).toBe(0);
  });

test("B25 passes over frames, flags and settings that it does not know", async () => {
  await bed.attack(async (peer: RawPeer) => {
    peer.send(
      frame(
        SETTINGS,
        0,
        0,
        encodeSettings([
          [0xffff, 7],
          [0, 1],
        ]),
      ),
      frame(0xfa, 0xff, 0, Buffer.alloc(100)),
      frame(0xfb, 0, 1, Buffer.alloc(100)),
      request(1, END | 0xc2, "/other"),
    );
    expect(await peer.statusOf(1)).toBe("200");
  });
});

test("B26 waits while a window is below zero, and ends the connection for one over 2^31-1", async () => {
  await ends(
    FLOW_CONTROL_ERROR,
    frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, 2 ** 31]])),
  );
  await ends(FLOW_CONTROL_ERROR, frame(WINDOW_UPDATE, 0, 0, word(2 ** 31 - 1)));
  const window = (size: number): Buffer =>
    frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, size]]));
  await bed.attack(
    async (peer) => {
      bed.app.onRequest = (app, streamId) =>
        bed.app.answer(
          app,
          streamId,
          headers(streamId, 0, [":status", "200"]),
          data(streamId, END, "0123456789"),
        );
      const bytes = (): number =>
        peer.frames
          .filter(({ type }) => type === DATA)
          .reduce((sum, { payload }) => sum + payload.length, 0);
      peer.send(request(1, END));
      await peer.hears(() => bytes() === 4, "no DATA within the window");
      peer.send(window(0), frame(WINDOW_UPDATE, 0, 1, word(4)), request(3, END, "/other"));
      expect(await peer.statusOf(3)).toBe("200");
      expect(bytes()).toBe(4);
      peer.send(frame(WINDOW_UPDATE, 0, 1, word(6)));
      await peer.hears(() => bytes() === 10, "no DATA when the window opens");
    },
    { greeting: window(4) },
  );
});

test("B27 resets a stream for trailers that do not end it, and for a second head", async () => {
  await bed.attack(async (peer) => {
    peer.send(request(1, 0), headers(1, 0, ["t", "1"]));
    await peer.isReset(1, PROTOCOL_ERROR);
    peer.send(request(3, 0), request(3, END));
    await peer.isReset(3, PROTOCOL_ERROR);
    peer.send(request(5, 0), headers(5, END, ["content-length", "0"]));
    await peer.isReset(5, PROTOCOL_ERROR);
  });
});
