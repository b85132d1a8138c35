import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { exchange, HttpBed, WAYS } from "../conformance/http1/bed.ts";
import { until } from "../fake/mesh.ts";
import { Bystander } from "./http1-attack.ts";

/** What came over one connection: the head of its request, and what followed. */
interface Tunnel {
  readonly socket: Socket;
  head: string;
  raw: string;
  ended: boolean;
}

/** Opens a tunnel for each upgrade and CONNECT; a test speaks at the other end of it. */
const tunnels: Tunnel[] = [];
let refuses = false;
const origin: Server = createServer({ allowHalfOpen: true }, (socket) => {
  const tunnel: Tunnel = { socket, head: "", raw: "", ended: false };
  socket.on("data", (chunk: Buffer) => {
    if (tunnel.head === "") accept(tunnel, chunk.toString("latin1"));
    else tunnel.raw += chunk.toString("latin1");
  });
  socket.on("end", () => {
    tunnel.ended = true;
  });
  socket.on("error", () => socket.destroy());
});

function accept(tunnel: Tunnel, head: string): void {
  const { socket } = tunnel;
  const connects = head.startsWith("CONNECT");
  if (refuses) socket.write("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
  else if (!connects && !/upgrade/i.test(head))
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother");
  else {
    tunnel.head = head;
    tunnels.push(tunnel);
    if (connects) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    else socket.write("HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  }
}

const portOf = (server: Server): number => {
  const address = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
};

const bed = new HttpBed();
beforeAll(async () => {
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  await bed.start(portOf(origin));
});
afterAll(async () => {
  await bed.stop();
  origin.close();
  for (const { socket } of tunnels) socket.destroy();
});

const HOST = "Host: a.test\r\n";
const UPGRADE = `GET /chat HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
const connectTo = (target: string): string =>
  `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;

/** Opens a tunnel and returns both ends. */
async function open(way: (typeof WAYS)[number], request: string): Promise<[Bystander, Tunnel]> {
  const before = tunnels.length;
  const client = new Bystander(bed.port(way));
  client.send(request);
  await client.hears(/^HTTP\/1\.1 (101|200) [\s\S]*\r\n\r\n$/);
  const tunnel = tunnels[before];
  if (tunnel === undefined) throw new Error("Cannot find the tunnel's other end");
  return [client, tunnel];
}

async function holds(what: () => boolean, why: string): Promise<void> {
  await until(what, () => why);
}

const requests = [
  ["an upgrade", UPGRADE],
  ["CONNECT", connectTo("a.test:443")],
] as const;

for (const way of WAYS)
  test.each(requests)(
    `A28 tunnels %s raw, with half-close either way, ${way}`,
    async (_, request) => {
      const [client, server] = await open(way, request);
      expect(client.text).not.toContain("content-length");
      client.send("\x81\x85\0\r\n\r\nGET / HTTP/1.1\r\n\r\n");
      await holds(() => server.raw.endsWith("GET / HTTP/1.1\r\n\r\n"), "bytes do not arrive");
      server.socket.write("HTTP/1.1 999\r\nanswer");
      await client.hears(/HTTP\/1\.1 999\r\nanswer$/);
      // The server ends its side first: what the client says then still arrives.
      server.socket.end("bye");
      await client.hears(/bye$/);
      await client.isEnded();
      client.send("last words");
      await holds(() => server.raw.endsWith("last words"), "the client's last words are lost");
      expect(server.ended).toBe(false);
      client.socket.end();
      await holds(() => server.ended, "the client's end is lost");

      const [first, second] = await open(way, request);
      first.socket.end("half");
      await holds(() => second.ended && second.raw === "half", "the client's end is lost");
      second.socket.write("still here");
      await first.hears(/still here$/);
      second.socket.end();
      await first.isEnded();
    },
  );

test("A28 asks policy first, and counts the request", async () => {
  const { control } = bed.mesh;
  const denied = (): Promise<number> =>
    bed.mesh.metric(bed.pod("inbound"), "inbound_http_authz_deny_total");
  const before = await denied();
  control.ports = "unreadable";
  control.announcePorts("all");
  let answer = "";
  await until(
    async () => {
      ({ answer } = await exchange(bed.port("inbound"), `GET / HTTP/1.1\r\n${HOST}\r\n`));
      return answer.startsWith("HTTP/1.1 403 ");
    },
    () => `policy does not hold: ${answer.slice(0, 80)}`,
  );
  for (const [, request] of requests)
    expect((await exchange(bed.port("inbound"), request)).answer).toStartWith("HTTP/1.1 403 ");
  const reached = tunnels.length;
  for (const [, request] of requests) await exchange(bed.port("inbound"), request);
  expect(tunnels.length).toBe(reached);
  expect(await denied()).toBeGreaterThanOrEqual(before + 2);
  control.ports = "http1";
  control.announcePorts("all");
  await until(
    async () =>
      (await exchange(bed.port("inbound"), `GET / HTTP/1.1\r\n${HOST}\r\n`)).answer.endsWith(
        "other",
      ),
    () => "policy does not hold",
  );
});

test("A28 a refused upgrade leaves the connection to HTTP", async () => {
  refuses = true;
  for (const way of WAYS) {
    const client = new Bystander(bed.port(way));
    client.send(UPGRADE);
    await client.hears(/^HTTP\/1\.1 403 [\s\S]*\r\n\r\n$/);
    client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    await client.hears(/403 [\s\S]*HTTP\/1\.1 403 /);
    client.close();
  }
  refuses = false;
});

test("A30 CONNECT goes to the original destination, and never to what it names", async () => {
  let reached = 0;
  const named = createServer((socket) => {
    reached++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => named.listen(0, "127.0.0.1", resolve));
  const { adminPort } = bed.pod("inbound").proxy;
  for (const way of WAYS)
    for (const target of [
      `127.0.0.1:${portOf(named)}`,
      `localhost:${adminPort}`,
      "169.254.169.254:80",
    ]) {
      const [client, tunnel] = await open(way, connectTo(target));
      expect(tunnel.head).toStartWith(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n`);
      client.close();
    }
  expect(reached).toBe(0);
  named.close();
});
