import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { HeaderList } from "#lib/http/headers.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { connectHttp2 } from "#lib/http-io/http2-client.ts";
import { Http2Pool } from "#lib/http-io/http2-pool.ts";
import { HEAD_LIMIT_MS, WRITE_IDLE_LIMIT_MS } from "#lib/http-io/patience.ts";
import { Flag, FrameType } from "#lib/http2/frame.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { encodeSettings, MAX_WINDOW, SettingId } from "#lib/http2/settings.ts";
import { connectTcp } from "#lib/net/connect.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { ATTEMPT_LIMIT } from "../../proxy/http/attempt.ts";
import { headers } from "../conformance/http2/scripted-server.ts";
import { frame, GET, word } from "../fake/http2-rig.ts";
import { settled, until } from "../fake/mesh.ts";
import { PassingClock } from "../fake/passing-clock.ts";
import { AttackBed, type RawPeer } from "./http2-attack.ts";
import { data, goAway, many, pushPromise, request } from "./http2-bytes.ts";

const { DATA, RST_STREAM, SETTINGS, GOAWAY } = FrameType;
const END = Flag.END_STREAM;
const clock = new PassingClock();
const bed = new AttackBed(clock);
beforeAll(() => bed.start());
afterAll(() => bed.stop());

const OK = [":status", "200"] as const;
test("B12 holds little for a peer with no window, and resets its stream after a time", async () => {
  await bed.attack(
    async (peer) => {
      let given = 0;
      bed.app.onRequest = (app, streamId) => {
        app.send(
          headers(streamId, 0, OK),
          ...Array.from({ length: 3 }, () => data(streamId, 0, "x".repeat(16_384))),
        );
        given += 3;
      };
      peer.send(request(1, END));
      expect(await peer.statusOf(1)).toBe("200");
      await clock.pass(WRITE_IDLE_LIMIT_MS - 5000);
      expect([peer.ended, peer.count(RST_STREAM), bed.app.open.size]).toEqual([false, 0, 1]);
      await clock.pass(10_000);
      await peer.isReset(1, ErrorCode.CANCEL);
      await until(
        () => bed.app.open.size === 0,
        () => "the application's work is not cancelled",
      );
      expect([given, peer.count(DATA)]).toEqual([3, 0]);
    },
    {
      greeting: frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, 0]])),
      doors: ["inbound"],
    },
  );
}, 30_000);

test("B12 takes no more of the application than the windows between hold", async () => {
  await bed.attack(
    async (peer) => {
      let app: RawPeer | undefined;
      let stream = 0;
      bed.app.onRequest = (from, streamId) => {
        [app, stream] = [from, streamId];
        from.send(
          headers(streamId, 0, OK),
          ...Array.from({ length: 3 }, () => data(streamId, 0, "x".repeat(16_384))),
        );
      };
      peer.send(request(1, END));
      expect(await peer.statusOf(1)).toBe("200");
      await peer.hears(() => app !== undefined, "no request");
      const credit = app?.frames.filter(
        ({ type, streamId }) => type === FrameType.WINDOW_UPDATE && streamId === stream,
      );
      // What was taken at first may be given back once; with nothing going out, nothing more is.
      expect(credit?.length ?? 9).toBeLessThanOrEqual(1);
    },
    { greeting: frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, 1]])) },
  );
});

test("B12 takes no more requests while the answers are not read", async () => {
  await bed.attack(
    async (peer) => {
      const piece = "x".repeat(16_384);
      bed.app.onRequest = (app, streamId) =>
        bed.app.answer(app, streamId, headers(streamId, 0, OK), data(streamId, END, piece));
      peer.socket.pause();
      for (let i = 0; i < 75; i++) {
        peer.send(many(40, (j) => request(2 * (40 * i + j) + 1, END)));
        if ((await settled(() => bed.app.arrivals)) < 40 * i) break;
      }
      expect(bed.app.arrivals).toBeWithin(1, 1500);
      peer.socket.resume();
      const asked = bed.app.arrivals;
      await peer.hears(() => bed.app.arrivals > asked, "nothing goes on");
    },
    {
      greeting: Buffer.concat([
        frame(SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, MAX_WINDOW]])),
        frame(FrameType.WINDOW_UPDATE, 0, 0, word(2 ** 30)),
      ]),
    },
  );
}, 30_000);

test("B21 closes what is not HTTP/2 on its port, and a preface that does not go on", async () => {
  const before = bed.app.arrivals;
  for (const door of ["inbound", "outbound"] as const)
    for (const bytes of [
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "\x16\x03\x01\x02",
      "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
      "PRI * HT",
      "PRI * HTTP/2.0\r\n\r\nSM",
    ]) {
      const socket = connect({ port: bed.bed.port(door), host: "127.0.0.1" });
      let closed = false;
      socket.on("error", () => undefined);
      socket.on("data", () => undefined);
      socket.on("close", () => {
        closed = true;
      });
      socket.write(Buffer.from(bytes, "latin1"));
      // Once to tell what it is, once for a head that is expected then.
      await clock.pass(2 * HEAD_LIMIT_MS + 1000);
      await until(
        () => closed,
        () => `${door} ${JSON.stringify(bytes)} stays open`,
      );
    }
  expect(bed.app.arrivals).toBe(before);
}, 30_000);

test("B22 finishes what GOAWAY leaves, and takes the rest to a new connection", async () => {
  await bed.attack(async (peer) => {
    let first: { app: RawPeer; streamId: number } | undefined;
    bed.app.onRequest = (app, streamId) => {
      if (first === undefined) first = { app, streamId };
      else if (app === first.app) {
        app.send(goAway(first.streamId));
        bed.app.answer(app, streamId);
        bed.app.answer(app, first.streamId, headers(first.streamId, END, [":status", "201"]));
      } else bed.app.answer(app, streamId, headers(streamId, END, [":status", "202"]));
    };
    peer.send(request(1, END));
    await until(
      () => first !== undefined,
      () => "no request came",
    );
    peer.send(request(3, END));
    expect([await peer.statusOf(1), await peer.statusOf(3)]).toEqual(["201", "202"]);
    peer.send(request(5, END));
    expect(await peer.statusOf(5)).toBe("202");
    expect(bed.app.peers.length).toBeGreaterThan(1);
  });
});

test("B22 takes GOAWAY in two steps without a lost request", async () => {
  await bed.attack(async (peer) => {
    bed.app.onRequest = (app, streamId) => {
      app.send(goAway(MAX_WINDOW), goAway(streamId));
      bed.app.answer(app, streamId, headers(streamId, END, OK));
    };
    for (const id of [1, 3, 5]) {
      peer.send(request(id, END));
      expect(await peer.statusOf(id)).toBe("200");
    }
  });
});

test("B23 tries again what was refused, and not for ever", async () => {
  await bed.attack(async (peer) => {
    let refusals = 1;
    bed.app.onRequest = (app, streamId) => {
      const refuse = refusals-- > 0;
      const answer = refuse
        ? frame(RST_STREAM, 0, streamId, word(ErrorCode.REFUSED_STREAM))
        : headers(streamId, END, OK);
      bed.app.answer(app, streamId, answer);
    };
    peer.send(request(1, END));
    expect(await peer.statusOf(1)).toBe("200");
    expect(bed.app.arrivals).toBe(2);
  });
});

test("B23 gives up what is always refused", async () => {
  await bed.attack(
    async (peer) => {
      bed.app.onRequest = (app, streamId) =>
        bed.app.answer(
          app,
          streamId,
          frame(RST_STREAM, 0, streamId, word(ErrorCode.REFUSED_STREAM)),
        );
      peer.send(request(1, END));
      expect(await peer.statusOf(1)).toBe("502");
      expect(bed.app.arrivals).toBe(ATTEMPT_LIMIT);
    },
    { doors: ["inbound"] },
  );
});

test("B24 refuses push, which it has forbidden", async () => {
  await bed.attack(async (peer) => {
    let pusher: RawPeer | undefined;
    bed.app.onRequest = (app, streamId) => {
      pusher = app;
      const [settings] = app.frames.filter(({ type }) => type === SETTINGS);
      expect(settings?.payload.readUInt16BE(0)).toBe(SettingId.ENABLE_PUSH);
      expect(settings?.payload.readUInt32BE(2)).toBe(0);
      bed.app.answer(
        app,
        streamId,
        pushPromise(streamId),
        headers(2, END, OK),
        headers(streamId, END, OK),
      );
    };
    peer.send(request(1, END));
    await peer.hears(() => peer.heads.length > 0 || peer.count(RST_STREAM) > 0, "no end");
    expect(peer.heads[0]?.fields.get(":status")).not.toBe("200");
    expect(pusher?.codeOf(GOAWAY)).toBe(ErrorCode.PROTOCOL_ERROR);
  });
});

test("B28 replaces a connection whose stream numbers are used up, with no request lost", async () => {
  const { app } = bed;
  app.onRequest = (peer, streamId) =>
    setTimeout(() => app.answer(peer, streamId, headers(streamId, END, OK)), 1);
  const { port } = app;
  const opened: ClientConnection[] = [];
  const pool = new Http2Pool({
    clock: systemClock,
    open: (observer, done) =>
      connectTcp(
        { ip: "127.0.0.1", port, timeoutMs: 1000, clock: systemClock, onFault: fail },
        {
          onConnected: (stream) => {
            const connection = connectHttp2(stream, observer, {
              now: () => clock.now(),
              lastStreamId: 5,
            });
            opened.push(connection);
            done.onOpened(connection);
          },
          onFailed: done.onFailed,
        },
      ),
  });
  const told: string[] = [];
  for (let i = 0; i < 9; i++)
    pool.acquire({
      onConnection: (connection) =>
        void connection.send({ ...GET, headers: new HeaderList() }, true, teller(told)),
      onConnectFailed: fail,
    });
  await until(
    () => told.length === 9,
    () => told.join(),
  );
  expect(told).toEqual(Array.from({ length: 9 }, () => "200"));
  expect(opened).toHaveLength(3);
  await until(
    () => app.peers.filter(({ ended }) => ended).length >= 3,
    () => "old connections stay",
  );
});

function fail(error: Error): void {
  throw error;
}

function teller(told: string[]) {
  const ignore = (): void => undefined;
  return {
    onResponseInformational: ignore,
    onResponseHead: ({ status }: { readonly status: number }) => void told.push(`${status}`),
    onResponseBytes: ignore,
    onResponseEnd: ignore,
    onResponseReset: ({ reason }: { readonly reason: string }) => void told.push(reason),
    onRequestWritable: ignore,
  };
}
