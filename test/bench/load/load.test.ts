import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createSecure } from "node:tls";
import { HeaderList } from "#lib/http/headers.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { listen } from "#lib/net/listener.ts";
import { FakeAuthority } from "../../fake/authority.ts";
import { wholeOf } from "../../fake/whole-of.ts";
import type { ChannelOptions } from "./channel.ts";
import { runConnects } from "./connects.ts";
import { Histogram } from "./histogram.ts";
import { runLoad } from "./load.ts";

const BODY = "x".repeat(1000);
const SERVER = `const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("${BODY}") });
process.stdout.write(String(server.port));`;
const to = (port: number, more: Partial<ChannelOptions> = {}): ChannelOptions => ({
  protocol: "http1",
  ip: "127.0.0.1",
  port,
  authority: "app.test",
  path: "/",
  streams: 1,
  payloadBytes: 64,
  ...more,
});

let child: Bun.Subprocess<"ignore", "pipe", "inherit">;
let childPort = 0;

beforeAll(async () => {
  child = Bun.spawn([process.execPath, "-e", SERVER], { stdio: ["ignore", "pipe", "inherit"] });
  const { value } = await child.stdout.getReader().read();
  childPort = Number(new TextDecoder().decode(value));
});

afterAll(() => child.kill("SIGKILL"));

test("a server that stops for a second shows as a second, for every request that was due in it", async () => {
  const histogram = new Histogram();
  const load = { ...to(childPort), connections: 16, rate: 1000, warmUpMs: 500, forMs: 3000 };
  const running = runLoad(load, histogram);
  const stoppedMs = await new Promise<number>((resolve) => {
    setTimeout(() => {
      process.kill(child.pid, "SIGSTOP");
      const from = performance.now();
      setTimeout(() => {
        process.kill(child.pid, "SIGCONT");
        resolve(performance.now() - from);
      }, 1000);
    }, 1500);
  });
  const result = await running;
  expect([result.due, result.answered, result.failed, result.unanswered]).toEqual([
    3000, 3000, 0, 0,
  ]);
  const stoppedUs = stoppedMs * 1000;
  expect(result.latencyUs.p999).toBeGreaterThan(stoppedUs * 0.9);
  expect(result.latencyUs.max).toBeLessThan(stoppedUs * 1.5);
  // All that were due while it stood still waited, each as long as was left of the second.
  expect(histogram.above(20_000)).toBeGreaterThan(stoppedMs * 0.9);
  expect(histogram.above(stoppedUs / 2)).toBeGreaterThan(stoppedMs * 0.4);
  expect(histogram.above(stoppedUs / 2)).toBeLessThan(stoppedMs * 0.8);
}, 20_000);

test("a closed loop sends as fast as answers come, and counts the warm-up apart", async () => {
  const load = { ...to(childPort), connections: 8, warmUpMs: 100, forMs: 300 };
  const result = await runLoad(load);
  expect(result.answered).toBeGreaterThan(300);
  expect([result.failed, result.unanswered, result.connections]).toEqual([0, 0, 8]);
});

test("what is lost with its connection is not sent again", async () => {
  let seen = 0;
  const server = createServer((socket: Socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => {
      seen += 1;
      if (seen % 10 === 0) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const result = await runLoad({ ...to(port), connections: 4, rate: 500, warmUpMs: 0, forMs: 400 });
  server.close();
  expect([result.due, seen, result.answered + result.failed]).toEqual([200, 200, 200]);
  expect([result.failed, result.connections - result.lost]).toEqual([20, 4]);
  // The last request of all is among those lost: the run may be over before its connection is.
  expect(result.lost).toBeWithin(19, 21);
});

test("HTTP/2 goes many at a time on one connection, and a refusal is a failure", async () => {
  let requests = 0;
  const listener = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) =>
      serveHttp2(
        stream,
        {
          onRequest: (call) => {
            requests += 1;
            call.handler = {
              onRequestBytes: () => undefined,
              onRequestEnd: () => undefined,
              onRequestReset: () => undefined,
              onResponseWritable: () => undefined,
            };
            const status = call.request.path === "/" ? 200 : 503;
            call.sendHead({ status, version: "HTTP/2", headers: new HeaderList() }, false);
            call.sendBytes(...wholeOf(Buffer.from(BODY)));
            call.sendEnd(undefined);
          },
          onConnectionClose: () => undefined,
        },
        { now: () => performance.now() },
      ),
    (error) => {
      throw error;
    },
  );
  const options = to(listener.port, { protocol: "http2", streams: 16 });
  const times = { connections: 2, rate: 2000, warmUpMs: 0, forMs: 300 };
  const good = await runLoad({ ...options, ...times });
  expect([good.answered, good.failed, good.connections, requests]).toEqual([600, 0, 2, 600]);
  const bad = await runLoad({ ...options, ...times, path: "/missing" });
  expect([bad.answered, bad.failed]).toEqual([0, 600]);
  listener.stop();
}, 20_000);

test("TCP sends so many bytes to and fro", async () => {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await new Promise((resolve) => echo.once("listening", resolve));
  const options = to((echo.address() as AddressInfo).port, { protocol: "tcp", payloadBytes: 4000 });
  const result = await runLoad({
    ...options,
    connections: 2,
    rate: 200,
    warmUpMs: 0,
    forMs: 300,
  });
  echo.close();
  expect([result.answered, result.failed]).toEqual([60, 0]);
});

test("a client certificate is shown", async () => {
  const authority = new FakeAuthority("load.mesh");
  const pairOf = (name: string): { readonly key: string; readonly cert: string } => {
    const { keyPem, chainPem } = authority.issue(name);
    return { key: keyPem, cert: chainPem };
  };
  const seen = new Set<string>();
  const server = createSecure(
    { ...pairOf("app.test"), ca: authority.anchorsPem, requestCert: true },
    (socket) => {
      seen.add(socket.getPeerCertificate().subjectaltname ?? "none");
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    },
  ).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const tls = { ca: authority.anchorsPem, serverName: "app.test", ...pairOf("load.test") };
  const options = to((server.address() as AddressInfo).port, { tls });
  const result = await runLoad({ ...options, connections: 2, rate: 50, warmUpMs: 0, forMs: 200 });
  server.close();
  expect([result.answered, result.failed]).toEqual([10, 0]);
  expect([...seen]).toEqual(["DNS:load.test"]);
});

test("new connections: one for each request, or all held; those that do not stay are counted", async () => {
  const each = await runConnects({ ...to(childPort), rate: 500, count: 100 });
  expect([each.answered, each.connections, each.lost, each.unanswered]).toEqual([100, 100, 0, 0]);
  const held = await runConnects({ ...to(childPort), rate: 500, count: 100, holdMs: 200 });
  expect([held.answered, held.connections, held.lost]).toEqual([100, 100, 0]);
  let connections = 0;
  const fickle = createServer((socket) => {
    connections += 1;
    socket.on("error", () => undefined);
    if (connections % 4 === 0) socket.destroy();
    else socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => fickle.once("listening", resolve));
  const options = to((fickle.address() as AddressInfo).port, { protocol: "tcp" });
  const some = await runConnects({ ...options, rate: 500, count: 100, holdMs: 300 });
  fickle.close();
  expect([some.answered, some.failed, some.lost, some.unanswered]).toEqual([75, 25, 25, 0]);
}, 20_000);
