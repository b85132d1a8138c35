import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer } from "node:net";
import { BODY_IDLE_LIMIT_MS, HEAD_LIMIT_MS, WRITE_IDLE_LIMIT_MS } from "#lib/http-io/patience.ts";
import { exchange, HttpBed, WAYS, type Way } from "../conformance/http1/bed.ts";
import { splitResponses } from "../conformance/http1/messages.ts";
import { settled, until } from "../fake/mesh.ts";
import { PassingClock } from "../fake/passing-clock.ts";
import { Bystander } from "./http1-attack.ts";

const clock = new PassingClock();
const bed = new HttpBed(clock);
beforeAll(() => bed.start());
afterAll(() => bed.stop());

const HOST = "Host: a.test\r\n";
const MIB = 1024 * 1024;

/** Another client is answered now. */
async function servesOthers(way: Way): Promise<void> {
  bed.origin.answer = () => ({ bytes: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother" });
  const { answer } = await exchange(bed.port(way), `GET /other HTTP/1.1\r\n${HOST}\r\n`);
  expect(answer).toEndWith("other");
}

test.each(WAYS)("A22 answers a head that trickles with 408 after its limit, %s", async (way) => {
  const slow = new Bystander(bed.port(way));
  slow.send(`GET / HTTP/1.1\r\n${HOST}`);
  await servesOthers(way);
  for (let ms = 0; ms < HEAD_LIMIT_MS && !slow.ended; ms += 1000) {
    slow.send("X: y\r\n");
    await clock.pass(1000);
    await servesOthers(way);
  }
  await clock.pass(1000);
  await slow.hears(/^HTTP\/1\.1 408 /);
  await slow.isEnded();
  expect(bed.pod(way).logs.some((line) => line.includes("its head takes too long"))).toBe(true);
  slow.close();
});

test.each(WAYS)(
  "A23 passes a slow body on byte by byte, and gives it up when it stands still, %s",
  async (way) => {
    bed.origin.take();
    const slow = new Bystander(bed.port(way));
    slow.send(`POST /slow HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\n`);
    const arrived = (end: string): Promise<void> =>
      until(
        () => bed.origin.arrivals.some(({ text }) => text.includes("/slow") && text.endsWith(end)),
        () => `${end} does not arrive`,
      );
    for (const byte of "abc") {
      slow.send(byte);
      await arrived(byte);
      await clock.pass(BODY_IDLE_LIMIT_MS / 2);
      await servesOthers(way);
    }
    expect([slow.text, slow.ended]).toEqual(["", false]);
    await clock.pass(BODY_IDLE_LIMIT_MS / 2 + 500);
    await slow.hears(/^HTTP\/1\.1 408 /);
    await slow.isEnded();
    slow.close();
  },
);

test.each(WAYS)(
  "A24 holds the server up for a client that does not read, and ends it in the end, %s",
  async (way) => {
    const size = 64 * MIB;
    await servesOthers(way);
    bed.origin.answer = () => ({
      bytes: `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`,
    });
    const lazy = new Bystander(bed.port(way));
    lazy.socket.pause();
    lazy.send(`GET /large HTTP/1.1\r\n${HOST}\r\n`);
    await until(
      () => bed.origin.open.unsentBytes > 0,
      () => "the origin is not asked",
    );
    const unsent = await settled(() => bed.origin.open.unsentBytes);
    expect(unsent).toBeGreaterThan(size / 2);
    await servesOthers(way);
    await clock.pass(WRITE_IDLE_LIMIT_MS + 1000);
    await until(
      () => bed.origin.open.unsentBytes === 0,
      () => "the origin is still held up",
    );
    await servesOthers(way);
    lazy.close();
  },
  20_000,
);

test.each(["inbound", "pair"] as const)(
  "A25 answers 10,000 pipelined requests in order, %s",
  async (way) => {
    bed.origin.answer = ({ start }) => {
      const [, target = ""] = start.split(" ");
      return { bytes: `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}` };
    };
    const targets = Array.from({ length: 10_000 }, (_, i) => `/${i}`);
    const bytes = targets.map((target) => `GET ${target} HTTP/1.1\r\n${HOST}\r\n`).join("");
    const { answer } = await exchange(bed.port(way), bytes);
    const { messages } = splitResponses(answer, [], false);
    expect(messages.map(({ body }) => body)).toEqual(targets);
    await servesOthers(way);
  },
  20_000,
);

test.each(WAYS)(
  "A25 takes no more requests while the answers are not read, %s",
  async (way) => {
    const body = "x".repeat(64 * 1024);
    let asked = 0;
    bed.origin.answer = () => {
      asked += 1;
      return { bytes: `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}` };
    };
    const eager = new Bystander(bed.port(way));
    eager.socket.pause();
    eager.send(`GET / HTTP/1.1\r\n${HOST}\r\n`.repeat(2000));
    expect(await settled(() => asked)).toBeWithin(1, 1000);
    eager.socket.resume();
    await until(
      () => asked === 2000,
      () => `only ${asked} are asked for`,
    );
    eager.close();
    await servesOthers(way);
  },
  20_000,
);

test("A25 reads ahead of what is answered within bounds", async () => {
  bed.origin.answer = () => ({ bytes: "" });
  const eager = new Bystander(bed.port("inbound"));
  const batch = `GET / HTTP/1.1\r\n${HOST}\r\n`.repeat(10_000);
  for (let i = 0; i < 100; i++) eager.send(batch);
  const unread = await settled(() => eager.socket.writableLength);
  expect(unread).toBeGreaterThan(16 * MIB);
  eager.close();
  await servesOthers("inbound");
});

test("A42 streams a body of unknown length in constant memory", async () => {
  let received = 0;
  const sink = createServer((socket) => {
    let tail = "";
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      tail = (tail + chunk.subarray(-8).toString("latin1")).slice(-8);
      if (tail.endsWith("\r\n0\r\n\r\n"))
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
  const address = sink.address();
  const streaming = new HttpBed();
  await streaming.start(address === null || typeof address === "string" ? 0 : address.port);
  const client = new Bystander(streaming.port("pair"));
  const send = async (bytes: number): Promise<void> => {
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    for (let sent = 0; sent < bytes; sent += 0x10000) {
      client.send(chunk);
      await until(
        () => client.socket.writableLength < MIB,
        () => "the body does not get on",
      );
    }
  };
  client.send(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
  await send(16 * MIB);
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  await send(64 * MIB);
  Bun.gc(true);
  const grown = process.memoryUsage.rss() - before;
  client.send("0\r\n\r\n");
  await client.hears(/^HTTP\/1\.1 200 /);
  expect(received).toBeGreaterThan(80 * MIB);
  expect(grown).toBeLessThan(32 * MIB);
  client.close();
  await streaming.stop();
  sink.close();
}, 20_000);
