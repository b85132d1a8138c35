import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";
import { PassingClock } from "../fake/passing-clock.ts";

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";

const clock = new PassingClock();
const mesh = new FakeMesh(clock);
let server: FakePod;
let app: Server;
/** The application's connections, in the order in which they came. */
let taken: Socket[];
let client: Socket;
let heard: string;
let over: boolean;
/** Whether the application ends a connection with each answer. */
let last: boolean;

const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const port = (): number => (app.address() as AddressInfo).port;
const answers = (): number => heard.split("200 OK").length - 1;
const ask = (): boolean => client.write("GET / HTTP/1.1\r\nhost: app\r\n\r\n");

beforeAll(async () => {
  server = await mesh.start(SERVER);
});

/** An application that leaves the connections of others as they are, and a caller without a proxy that keeps its own. */
beforeEach(async () => {
  taken = [];
  last = false;
  app = createServer((socket) => {
    taken.push(socket);
    socket.on("data", (bytes) => {
      if (last) socket.end(ANSWER.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"));
      else if (!bytes.includes("/slow")) socket.write(ANSWER);
    });
    socket.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await until(
    () => app.listening,
    () => "the application does not listen",
  );
  server.target = { ip: "127.0.0.1", port: port() };
  heard = "";
  over = false;
  client = connect({ host: "127.0.0.1", port: server.proxy.inboundPort });
  client.on("data", (bytes) => {
    heard += bytes.toString("latin1");
  });
  client.on("close", () => {
    over = true;
  });
  ask();
  await until(
    () => answers() === 1,
    () => `no answer: ${heard}`,
  );
});

afterEach(async () => {
  client.destroy();
  await ended();
  for (const socket of taken) socket.destroy();
  app.close();
});

afterAll(() => mesh.stop());

const ended = (): Promise<void> =>
  until(
    () => over,
    () => `the caller's connection is still open: ${heard}`,
  );

test("an application that ends, and its idle connections with it, ends those of callers outside", async () => {
  app.close();
  for (const socket of taken) socket.end();
  await ended();
  expect(answers()).toBe(1);
});

test("an application that has kept connections and now says that an answer is the last one is heard", async () => {
  ask();
  await until(
    () => answers() === 2,
    () => `no second answer: ${heard}`,
  );
  last = true;
  ask();
  await ended();
  expect(heard.slice(heard.lastIndexOf("HTTP/1.1 200"))).toContain("connection: close");
});

test("an application that never keeps a connection does not cost its callers theirs", async () => {
  last = true;
  for (const socket of taken) socket.destroy();
  const other = connect({ host: "127.0.0.1", port: server.proxy.inboundPort });
  let told = "";
  other.on("data", (bytes) => {
    told += bytes.toString("latin1");
  });
  for (const count of [1, 2, 3]) {
    other.write("GET / HTTP/1.1\r\nhost: app\r\n\r\n");
    await until(
      () => told.split("200 OK").length - 1 === count,
      () => `answered were ${told}`,
    );
  }
  other.destroy();
  expect(told).not.toContain("connection: close");
});

test("an application that no longer listens but answers on is left by callers outside", async () => {
  app.close();
  await ended();
  expect(heard).not.toContain("502");
});

test("a caller outside that is being answered hears that this answer is the last", async () => {
  client.write("GET /slow HTTP/1.1\r\nhost: app\r\n\r\n");
  await until(
    () => taken[0]?.bytesRead !== undefined && taken[0].bytesRead > 60,
    () => "the application did not get the request",
  );
  app.close();
  await clock.pass(500);
  taken[0]?.write(ANSWER);
  await ended();
  expect(heard.slice(heard.lastIndexOf("HTTP/1.1 200"))).toContain("connection: close");
});

test("an application that ends an idle connection and listens on keeps its callers", async () => {
  for (const socket of taken) socket.end();
  await until(
    () => taken.every(({ destroyed }) => destroyed),
    () => "the proxy keeps a connection that was ended",
  );
  ask();
  await until(
    () => answers() === 2,
    () => `no second answer: ${heard}`,
  );
  expect(taken).toHaveLength(2);
});
