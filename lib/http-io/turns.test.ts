import { expect, test } from "bun:test";
import { FakeByteStream } from "../../test/fake/byte-stream.ts";
import { until } from "../../test/fake/mesh.ts";
import { DISCARD_LIMIT_BYTES } from "./discard.ts";
import { serveHttp1 } from "./http1-server.ts";
import { serveHttp2 } from "./http2-server.ts";
import { Turns } from "./turns.ts";

const PER_TURN = 3;

function rig() {
  const stream = new FakeByteStream();
  const log: string[] = [];
  const turns = new Turns(stream, (bytes) => {
    const taken = Math.min(PER_TURN, bytes.length);
    log.push(bytes.toString("latin1", 0, taken));
    return taken;
  });
  return { stream, log, turns, give: (text: string) => turns.take(Buffer.from(text)) };
}

const settles = (stream: FakeByteStream): Promise<void> =>
  until(
    () => !stream.paused,
    () => "the stream stays paused",
  );

test("what is more than a turn's waits for the next, in order, and the stream with it", async () => {
  const { stream, log, give } = rig();
  const other = rig();
  give("abcdefgh");
  expect([log.join(), stream.paused]).toEqual(["abc", true]);
  // A paused stream may still hand over what it has read; another connection has its turn at once.
  give("ij");
  other.give("xyz");
  expect([log.join(), other.log.join(), other.stream.paused]).toEqual(["abc", "xyz", false]);
  await settles(stream);
  expect(log).toEqual(["abc", "def", "ghi", "j"]);
});

test("nothing is taken between stop and go", async () => {
  const { stream, log, turns, give } = rig();
  turns.stop();
  expect([turns.stopped, stream.paused]).toEqual([true, true]);
  give("abcd");
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(log).toEqual([]);
  turns.go();
  await settles(stream);
  expect(log).toEqual(["abc", "d"]);
  turns.stop();
  turns.go();
  expect(stream.paused).toBe(false);
});

test("what waits is forgotten with its connection", async () => {
  const { log, turns, give } = rig();
  give("abcdef");
  turns.end();
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(log).toEqual(["abc"]);
});

test("a body of small chunks over HTTP/1 is worked off in turns, and all of it arrives", async () => {
  const stream = new FakeByteStream();
  let received = 0;
  let ended = false;
  serveHttp1(stream, {
    onRequest: (request) => {
      request.handler = {
        onRequestBytes: (_, from, to) => {
          received += to - from;
        },
        onRequestEnd: () => {
          ended = true;
        },
        onRequestReset: () => undefined,
        onResponseWritable: () => undefined,
      };
    },
    onConnectionClose: () => undefined,
  });
  const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  stream.handler.onData(Buffer.from(`${head}${"1\r\nx\r\n".repeat(50_000)}0\r\n\r\n`));
  expect(received).toBeWithin(1, 10_000);
  expect(stream.paused).toBe(true);
  stream.handler.onEnd();
  await until(
    () => ended,
    () => `${received} came`,
  );
  expect(received).toBe(50_000);
});

test("of a client that goes on after GOAWAY no more is read than lets it arrive", () => {
  const stream = new FakeByteStream();
  const nobody = { onRequest: () => undefined, onConnectionClose: () => undefined };
  serveHttp2(stream, nobody, { now: () => 0 });
  stream.handler.onData(Buffer.from("no preface of HTTP/2 at all"));
  stream.handler.onData(Buffer.alloc(DISCARD_LIMIT_BYTES));
  expect(stream.paused).toBe(false);
  stream.handler.onData(Buffer.alloc(1));
  expect(stream.paused).toBe(true);
});
