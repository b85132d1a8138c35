import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { FakeMesh, type FakePod } from "../fake/mesh.ts";
import { startPair } from "../fake/meshed-pair.ts";

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";

const mesh = new FakeMesh();
let client: FakePod;
let app: Server;

beforeAll(async () => {
  app = createServer((request, response) => {
    const { host, "l5d-dst-override": override = "none" } = request.headers;
    response.end(`${request.url} ${host} ${String(override)}`);
  }).listen(0, "127.0.0.1");
  ({ client } = await startPair(mesh, app, { server: SERVER, client: "client.test" }));
});
afterAll(async () => {
  await mesh.stop();
  app.close();
});

/** What the application says to a request as it is written here. */
async function raw(head: string): Promise<string> {
  const socket = connect(client.proxy.outboundPort, "127.0.0.1");
  let seen = "";
  socket.on("data", (chunk) => {
    seen += String(chunk);
  });
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.write(`${head}\r\nconnection: close\r\n\r\n`);
  await closed;
  return (
    seen
      .split("\r\n\r\n")[1]
      ?.replace(/^[\da-f]+\r\n/, "")
      .split("\r\n")[0] ?? seen
  );
}

test("P16: a request's Host is its authority over HTTP/2 between the proxies, and Host again", async () => {
  expect(await raw("GET /a HTTP/1.1\r\nhost: web.test:8080")).toBe("/a web.test:8080 none");
});

test("P16, P12: absolute form says the authority, which is the Host, and is kept", async () => {
  const said = await raw("GET http://web.test/a HTTP/1.1\r\nhost: web.test");
  expect(said).toBe("http://web.test/a web.test none");
});

test("P16: l5d-dst-override is the application's own header outside of ingress mode", async () => {
  const said = await raw("GET / HTTP/1.1\r\nhost: web.test\r\nl5d-dst-override: other.test:80");
  expect(said).toBe("/ web.test other.test:80");
});

test("P16: a request of HTTP/1.0 keeps its Host", async () => {
  expect(await raw("GET /b HTTP/1.0\r\nhost: old.test")).toBe("/b old.test none");
});
