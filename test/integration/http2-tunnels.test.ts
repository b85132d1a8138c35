import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { encodeFrame, Opcode } from "#lib/http/websocket.ts";
import { Flag, FrameType } from "#lib/http2/frame.ts";
import { encodeSettings, SettingId } from "#lib/http2/settings.ts";
import { DOORS, type Door, Http2Bed } from "../conformance/http2/bed.ts";
import { headers } from "../conformance/http2/scripted-server.ts";
import { frame } from "../fake/http2-rig.ts";
import { AttackBed, RawPeer } from "../faults/http2-attack.ts";
import { data } from "../faults/http2-bytes.ts";

const { DATA, RST_STREAM, SETTINGS } = FrameType;
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
  const heard = (): RawPeer => app as RawPeer;
  await endsHeard(peer, heard);
  bed.app.answer(heard(), stream, data(stream, 0, "friend"), data(stream, END, "."));
  await peer.hears(
    () => textOf(peer) === "hello friend.",
    "what comes after the client's end is lost",
  );
}

/** Says the client's last words in a tunnel, and waits until the application has heard them and their end. */
async function endsHeard(peer: RawPeer, heard: () => RawPeer): Promise<void> {
  peer.send(data(1, 0, "there"), data(1, END, "!"));
  await peer.hears(() => textOf(heard()) === "there!", "the client is not heard");
  await heard().hears(
    () => heard().frames.some(({ type, flags }) => type === DATA && flags === END),
    "no end",
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

test("RFC 9113 §8.5: what a client says in a tunnel whose server ends its side with the head arrives", async () => {
  await bed.attack(async (peer) => {
    let app: RawPeer | undefined;
    bed.app.onRequest = (from, streamId) => {
      app = from;
      bed.app.answer(from, streamId, headers(streamId, END, [":status", "200"]));
    };
    peer.send(headers(1, 0, [":method", "CONNECT"], [":authority", "b.test:443"]));
    expect(await peer.statusOf(1)).toBe("200");
    await endsHeard(peer, () => app as RawPeer);
  });
});

test("P12: CONNECT is a tunnel to the original destination", async () => {
  await bed.attack(async (peer) => {
    const speaking = speaks(peer);
    peer.send(headers(1, 0, [":method", "CONNECT"], [":authority", "b.test:443"]));
    await speaking;
  });
});

/** A WebSocket in DATA: says something, hears it back, and ends. */
async function echoes(door: Door, to: Http2Bed): Promise<void> {
  const peer = RawPeer.dial(to.port(door));
  const mask = Buffer.from([1, 2, 3, 4]);
  const text = encodeFrame({ opcode: Opcode.text, payload: Buffer.from("marco"), mask });
  const close = encodeFrame({ opcode: Opcode.close, payload: Buffer.from([3, 232]), mask });
  // Said before there is an answer: it must not reach the application as a request.
  peer.send(headers(1, 0, ...EXTENDED), frame(DATA, 0, 1, text));
  expect(await peer.statusOf(1)).toBe("200");
  const { fields } = peer.heads[0] ?? { fields: new Map() };
  expect([fields.has("sec-websocket-accept"), fields.has("upgrade")]).toEqual([false, false]);
  await peer.hears(() => textOf(peer).includes("echo: marco"), "no echo");
  peer.send(frame(DATA, 0, 1, close));
  await peer.hears(
    () => peer.frames.some(({ type, flags }) => type === DATA && flags === END),
    "no end",
  );
  peer.close();
}

test("P12: extended CONNECT goes on as an Upgrade where the application speaks HTTP/1 only", async () => {
  const app = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, server) =>
      server.upgrade(request) ? undefined : new Response("no", { status: 400 }),
    websocket: { message: (socket, text) => void socket.send(`echo: ${text}`) },
  });
  const to = new Http2Bed();
  await to.start(app.port ?? 0);
  for (const door of DOORS) await echoes(door, to);
  await to.stop();
  await app.stop(true);
});

test("extended CONNECT of another protocol is not made an Upgrade, and one that is refused says so", async () => {
  const seen: string[] = [];
  const app = createServer((_, response) => response.writeHead(403).end("no"));
  app.on("upgrade", (request, socket) => {
    seen.push(`${request.method} ${request.url} ${request.headers.upgrade}`);
    const answer =
      request.url === "/liar"
        ? "200 OK\r\nContent-Length: 0"
        : "403 Forbidden\r\nContent-Length: 2";
    socket.end(`HTTP/1.1 ${answer}\r\n\r\nno`);
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const to = new Http2Bed();
  await to.start((app.address() as AddressInfo).port);
  const peer = RawPeer.dial(to.port("inbound"));
  const ask = (id: number, over: Readonly<Record<string, string>>): void =>
    peer.send(
      headers(id, 0, ...EXTENDED.map(([name, value]) => [name, over[name] ?? value] as const)),
    );
  ask(1, {});
  expect(await peer.statusOf(1)).toBe("403");
  ask(3, { ":path": "/liar" });
  await peer.hears(() => peer.codeOf(RST_STREAM, 3) !== undefined, "no reset");
  expect(peer.heads.filter(({ streamId }) => streamId === 3)).toEqual([]);
  ask(5, { ":protocol": "masque" });
  expect(await peer.statusOf(5)).toBe("502");
  expect(seen).toEqual(["GET /chat websocket", "GET /liar websocket"]);
  peer.close();
  await to.stop();
  app.close();
});
