import { expect, test } from "bun:test";
import { connectTcp } from "#lib/net/connect.ts";
import { servePlain } from "#lib/net/plain-http.ts";
import type { TcpStream } from "#lib/net/tcp-stream.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { livingArrays } from "../../test/fake/living-arrays.ts";
import { requestOnce } from "./request-once.ts";

const connect = (port: number): Promise<TcpStream> =>
  new Promise((onConnected, onFailed) =>
    connectTcp(
      { ip: "127.0.0.1", port, timeoutMs: 1_000, clock: systemClock, onFault: onFailed },
      { onConnected, onFailed },
    ),
  );

test("requestOnce() sends a body and gathers the answer", async () => {
  const server = servePlain({ ip: "127.0.0.1", port: 0 }, async (request) => ({
    status: 201,
    contentType: "text/x",
    body: `${request.method} ${request.path} ${await request.text()}`,
  }));
  try {
    const answer = await requestOnce(await connect(server.port), {
      ...{ method: "POST", authority: "a:1", path: "/b", fields: [], timeoutMs: 1_000 },
      ...{ body: Buffer.from("hello"), clock: systemClock },
    });
    expect([answer.status, answer.contentType]).toEqual([201, "text/x"]);
    expect(Buffer.from(answer.body).toString()).toBe("POST /b hello");
  } finally {
    server.stop();
  }
});

test("requestOnce() gives up in time", async () => {
  const held = Promise.withResolvers<void>();
  const clock = new FakeClock();
  const server = servePlain({ ip: "127.0.0.1", port: 0 }, async () => {
    await held.promise;
    return { status: 200, body: "" };
  });
  try {
    const asked = requestOnce(await connect(server.port), {
      ...{ method: "GET", authority: "a", path: "/", fields: [], timeoutMs: 50, clock },
    }).catch((error: unknown) => String(error));
    clock.advance(50);
    expect(await asked).toContain("no answer in 50 ms");
  } finally {
    held.resolve();
    server.stop();
  }
});

test("requestOnce() keeps an answer that comes byte by byte in little more than its length", async () => {
  const count = 20_000;
  const pair = new FakePair();
  const asked = requestOnce(pair.a, {
    ...{ method: "GET", authority: "a", path: "/", fields: [], timeoutMs: 50 },
    clock: new FakeClock(),
  });
  await pair.run();
  pair.b.write(Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
  await pair.run();
  const before = livingArrays();
  pair.b.write(Buffer.from("1\r\nx\r\n".repeat(count)));
  await pair.run();
  expect(livingArrays() - before).toBeLessThan(count / 100);
  pair.b.write(Buffer.from("0\r\n\r\n"));
  await pair.run();
  const { status, body } = await asked;
  expect([status, Buffer.from(body).toString()]).toEqual([200, "x".repeat(count)]);
});
