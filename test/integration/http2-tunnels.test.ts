import { afterAll, beforeAll, expect, test } from "bun:test";
import { Flag, FrameType } from "#lib/http2/frame.ts";
import { encodeSettings, SettingId } from "#lib/http2/settings.ts";
import { DOORS } from "../conformance/http2/bed.ts";
import { headers } from "../conformance/http2/scripted-server.ts";
import { frame } from "../fake/http2-rig.ts";
import { AttackBed, data, type RawPeer } from "../faults/http2-attack.ts";

const { DATA, SETTINGS } = FrameType;
const END = Flag.END_STREAM;
const bed = new AttackBed();
beforeAll(() => bed.start());
afterAll(() => bed.stop());

const EXTENDED = [
  [":method", "CONNECT"],
  [":protocol", "websocket"],
  [":scheme", "http"],
  [":path", "/chat"],
  [":authority", "a.test"],
  ["sec-websocket-version", "13"],
] as const;
const takesExtended = frame(
  SETTINGS,
  0,
  0,
  encodeSettings([[SettingId.ENABLE_CONNECT_PROTOCOL, 1]]),
);
const textOf = (peer: RawPeer): string =>
  Buffer.concat(
    peer.frames.filter(({ type }) => type === DATA).map(({ payload }) => payload),
  ).toString();

/** Speaks through a tunnel, each side ending by itself. */
async function speaks(peer: RawPeer): Promise<void> {
  let app: RawPeer | undefined;
  let stream = 0;
  bed.app.onRequest = (from, streamId) => {
    [app, stream] = [from, streamId];
    from.send(headers(streamId, 0, [":status", "200"]), data(streamId, 0, "hello "));
  };
  expect(await peer.statusOf(1)).toBe("200");
  await peer.hears(() => textOf(peer) === "hello ", "the application is not heard");
  peer.send(data(1, 0, "there"), data(1, END, "!"));
  const heard = (): RawPeer => app as RawPeer;
  await peer.hears(() => textOf(heard()) === "there!", "the client is not heard");
  await heard().hears(
    () => heard().frames.some(({ type, flags }) => type === DATA && flags === END),
    "no end",
  );
  bed.app.answer(heard(), stream, data(stream, 0, "friend"), data(stream, END, "."));
  await peer.hears(
    () => textOf(peer) === "hello friend.",
    "what comes after the client's end is lost",
  );
}

test.each(DOORS)(
  "extended CONNECT is a tunnel to an application that takes it (RFC 8441), by %s",
  async (door) => {
    bed.app.greeting = takesExtended;
    await bed.attack(
      async (peer) => {
        bed.app.greeting = takesExtended;
        await peer.hears(() => peer.count(SETTINGS) > 0, "no settings");
        const settings =
          peer.frames.find(({ type }) => type === SETTINGS)?.payload ?? Buffer.alloc(0);
        const enabled = Buffer.from([0, SettingId.ENABLE_CONNECT_PROTOCOL, 0, 0, 0, 1]);
        expect(settings.includes(enabled)).toBe(true);
        const speaking = speaks(peer);
        peer.send(headers(1, 0, ...EXTENDED));
        await speaking;
        const fields = bed.app.peers
          .flatMap(({ heads }) => heads)
          .find((head) => head.fields.has(":protocol"))?.fields;
        expect([fields?.get(":path"), fields?.get("sec-websocket-version")]).toEqual([
          "/chat",
          "13",
        ]);
      },
      { doors: [door] },
    );
  },
);

test("CONNECT is a tunnel to the original destination", async () => {
  await bed.attack(async (peer) => {
    const speaking = speaks(peer);
    peer.send(headers(1, 0, [":method", "CONNECT"], [":authority", "b.test:443"]));
    await speaking;
  });
});
