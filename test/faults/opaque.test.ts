import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectSecure, createServer as createSecure, type TLSSocket } from "node:tls";
import { TICK_MS } from "#lib/http-io/ticker.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock } from "#lib/time/clock.ts";
import { FakeAuthority } from "../fake/authority.ts";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";
const CLIENT = "client.test.serviceaccount.identity.linkerd.cluster.local";
const PATH = "app.test.svc.cluster.local:80";
const FAST_MS = 5;
/** The machine's clock, whose ticks come faster where a test would wait for what gives up after ten seconds. */
let fast = false;
const clock: Clock = {
  ...systemClock,
  after: (ms, wake) => systemClock.after(fast && ms === TICK_MS ? FAST_MS : ms, wake),
};

/** Lets time run fast until something is so. */
async function skip(holds: () => boolean, why: string): Promise<void> {
  fast = true;
  try {
    await until(holds, () => why);
  } finally {
    fast = false;
  }
}

const mesh = new FakeMesh(clock);
let server: FakePod;
let client: FakePod;
/** What the application does with a connection. */
let serve: (socket: Socket) => void = () => undefined;
const app: Server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => undefined);
  serve(socket);
});
const stops: (() => void)[] = [() => app.close()];

beforeAll(async () => {
  [server, client] = await Promise.all([mesh.start(SERVER), mesh.start(CLIENT)]);
  mesh.control.services.set("10.99.0.1:80", { path: PATH, opaque: false });
  const direct = { identity: SERVER, directPort: server.proxy.inboundPort };
  mesh.control.announce(PATH, [{ addr: `127.0.0.1:${await portOf(app)}`, ...direct }]);
  client.target = { ip: "10.99.0.1", port: 80 };
});

afterAll(async () => {
  await mesh.stop();
  for (const stop of stops) stop();
});

async function portOf(listening: Server): Promise<number> {
  listening.listen(0, "127.0.0.1");
  await new Promise((resolve) => listening.once("listening", resolve));
  return (listening.address() as AddressInfo).port;
}

/** Connects to the application through both proxies. */
function through(how: (socket: Socket) => void): Peer {
  serve = how;
  return new Peer(client.proxy.outboundPort);
}

/** A client of bare TCP. */
class Peer {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  ended = false;
  closed = false;
  error = "";

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("data", (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("close", () => {
      this.closed = true;
    });
    this.socket.on("error", (error: Error & { readonly code?: string }) => {
      this.error = error.code ?? "";
    });
  }

  async hears(bytes: Buffer | string): Promise<void> {
    const expected = Buffer.from(bytes as string);
    await until(
      () => this.received.length >= expected.length,
      () => `only ${this.received.length} of ${expected.length} bytes came`,
    );
    expect(this.received.equals(expected)).toBe(true);
  }
}

const echo = (socket: Socket): void => void socket.pipe(socket);

test("D1, D4: where the server speaks first, detection gives up, and what comes late goes through", async () => {
  const peer = through((socket) => {
    socket.write("220 ready\r\n");
    socket.pipe(socket);
  });
  await skip(() => peer.received.length > 0, "the server did not get to speak");
  await peer.hears("220 ready\r\n");
  peer.socket.write("EHLO me\r\n");
  await peer.hears("220 ready\r\nEHLO me\r\n");
  peer.socket.destroy();
});

test.each([
  ["D2: what begins like HTTP and is not", "GET / HTTP/1.x\r\n\x00\x01\xff rest"],
  ["D2: a preface that is none", `PRI * HTTP/1${"\x00".repeat(100)}`],
  ["D2: Redis", "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n"],
  ["D2: every byte", Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString("latin1")],
  ["D8: a PROXY preamble, which is data", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nhello"],
  ["D8: a binary PROXY preamble", "\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c rest"],
])("%s comes out as it went in", async (_, text) => {
  const bytes = Buffer.from(text, "latin1");
  for (const cut of [bytes.length, 1, 14]) {
    const peer = through(echo);
    peer.socket.write(bytes.subarray(0, cut));
    if (cut < bytes.length) setTimeout(() => peer.socket.end(bytes.subarray(cut)), 20);
    else peer.socket.end();
    await peer.hears(bytes);
    await until(
      () => peer.ended,
      () => "the end did not come back",
    );
  }
});

test("D3: TLS of the application is passed through, with its own certificate", async () => {
  const authority = new FakeAuthority("app");
  const issued = authority.issue("app.test");
  const secure = createSecure({ key: issued.keyPem, cert: issued.chainPem }, (socket: TLSSocket) =>
    socket.end(`hello ${socket.servername}`),
  );
  const port = await portOf(secure);
  stops.push(() => secure.close());
  serve = (plain) => {
    const onward = connect(port, "127.0.0.1");
    onward.on("error", () => plain.destroy());
    plain.pipe(onward).pipe(plain);
  };
  const socket = connectSecure({
    port: client.proxy.outboundPort,
    host: "127.0.0.1",
    ca: authority.anchorsPem,
    servername: "app.test",
  });
  const text = await new Promise<string>((resolve, reject) => {
    let all = "";
    socket.on("data", (chunk) => {
      all += chunk.toString();
    });
    socket.on("end", () => resolve(all));
    socket.on("error", reject);
  });
  expect([text, socket.authorized]).toEqual(["hello app.test", true]);
});

test("D5: each side may half-close and be heard", async () => {
  const fromClient = through((socket) => {
    socket.on("data", () => undefined);
    socket.on("end", () => socket.end("after your end"));
  });
  fromClient.socket.end("*1\r\n");
  await fromClient.hears("after your end");
  const heard: string[] = [];
  const fromServer = through((socket) => {
    socket.on("data", (chunk) => heard.push(chunk.toString()));
    socket.once("data", () => socket.end("my end"));
  });
  fromServer.socket.write("*1\r\n");
  await until(
    () => fromServer.ended,
    () => "the server's end did not come",
  );
  await fromServer.hears("my end");
  fromServer.socket.end("still here");
  await until(
    () => heard.join("").endsWith("still here"),
    () => `the server heard only ${heard.join()}`,
  );
});

test("D5: a client that ends its side before it is seen what it speaks is heard, and one that says nothing is let go", async () => {
  const { port } = app.address() as AddressInfo;
  mesh.control.openPorts.add(port);
  server.target = { ip: "127.0.0.1", port };
  let dialled = 0;
  serve = (socket) => {
    dialled++;
    let heard = "";
    socket.on("data", (chunk) => (heard += chunk.toString("latin1")));
    socket.on("end", () => socket.end(`got ${heard}`));
  };
  const say = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({
        port: server.proxy.inboundPort,
        host: "127.0.0.1",
        allowHalfOpen: true,
      });
      let answer = "";
      socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
      socket.on("end", () => resolve(answer));
      socket.on("error", reject);
      socket.end(text, "latin1");
    });
  expect([await say("stats"), await say("\x16"), await say("")]).toEqual([
    "got stats",
    "got \x16",
    "",
  ]);
  expect(dialled).toBe(2);
  server.target = undefined;
});

test("D6: a reset of either side arrives as a reset", async () => {
  const byServer = through((socket) =>
    socket.once("data", () => {
      socket.resetAndDestroy();
    }),
  );
  byServer.socket.write("*1\r\n");
  await until(
    () => byServer.closed,
    () => "the server's reset did not arrive",
  );
  expect([byServer.error, byServer.ended]).toEqual(["ECONNRESET", false]);
  let end = "";
  const byClient = through((socket) => {
    socket.on("data", () => socket.write("ok"));
    socket.on("end", () => {
      end = "end";
    });
    socket.on("error", (error: Error & { readonly code?: string }) => {
      end ||= error.code ?? "";
    });
    socket.on("close", () => {
      end ||= "close";
    });
  });
  byClient.socket.write("*1\r\n");
  await byClient.hears("ok");
  byClient.socket.resetAndDestroy();
  await until(
    () => end !== "",
    () => "the client's reset did not arrive",
  );
  expect(end).toBe("ECONNRESET");
});

test.each([
  ["cut short", "transport.l5d.io/v1\r\n\r\n\0\0\0\x05\x08"],
  ["too long", "transport.l5d.io/v1\r\n\r\n\x7f\xff\xff\xff"],
  ["of another protocol", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a message that is none", "transport.l5d.io/v1\r\n\r\n\0\0\0\x02\xff\xff"],
  ["the proxy's own port", "own"],
])("D9, D10: a transport header that is %s closes its connection", async (_, text) => {
  const issued = mesh.authority.issue(CLIENT);
  const own = [0x08, (server.proxy.inboundPort & 127) | 128];
  own.push(((server.proxy.inboundPort >> 7) & 127) | 128, server.proxy.inboundPort >> 14);
  const header = Buffer.from("transport.l5d.io/v1\r\n\r\n\0\0\0\x04", "latin1");
  const bytes =
    text === "own" ? Buffer.concat([header, Buffer.from(own)]) : Buffer.from(text, "latin1");
  const socket = connectSecure({
    port: server.proxy.inboundPort,
    host: "127.0.0.1",
    key: issued.keyPem,
    cert: issued.chainPem,
    ca: mesh.authority.anchorsPem,
    servername: SERVER,
    ALPNProtocols: ["transport.l5d.io/v1"],
    checkServerIdentity: () => undefined,
  });
  socket.on("error", () => undefined);
  let closed = false;
  socket.on("close", () => {
    closed = true;
  });
  socket.on("secureConnect", () => socket.write(bytes));
  await skip(() => closed, "the connection was not closed");
  const peer = through(echo);
  peer.socket.write("*1\r\n");
  await peer.hears("*1\r\n");
  peer.socket.destroy();
});
