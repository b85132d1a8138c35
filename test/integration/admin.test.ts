import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectTls } from "node:tls";
import { FakeMesh, type FakePod } from "../fake/mesh.ts";

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";
const CLIENT = "client.test.serviceaccount.identity.linkerd.cluster.local";
const ADMIN = { ip: "10.99.0.1", port: 4191 };
const PATH = "admin.test.svc.cluster.local:4191";

const mesh = new FakeMesh();
let server: FakePod;
let client: FakePod;

beforeAll(async () => {
  server = await mesh.start(SERVER);
  client = await mesh.start(CLIENT);
  mesh.control.services.set(`${ADMIN.ip}:${ADMIN.port}`, { path: PATH, opaque: false });
  client.target = ADMIN;
});
afterAll(() => mesh.stop());

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${client.proxy.outboundPort}${path}`, { keepalive: false, ...init });
const direct = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.proxy.adminPort}${path}`, { keepalive: false, ...init });

test("ADMIN9: the admin port is asked by mTLS through another proxy, and in the clear", async () => {
  const addr = `127.0.0.1:${server.proxy.adminPort}`;
  for (const endpoint of [{ addr, identity: SERVER }, { addr }]) {
    mesh.control.announce(PATH, [endpoint]);
    for (const [path, status] of [
      ["/ready", 200],
      ["/metrics", 200],
      ["/nothing", 404],
    ] as const) {
      const response = await ask(path);
      expect([path, response.status]).toEqual([path, status]);
      if (path === "/metrics") expect(await response.text()).toEndWith("# EOF\n");
    }
  }
  const tls = await mesh.metric(client, "request_total", `server_id="${SERVER}"`);
  expect(tls).toBeGreaterThan(0);
});

test("ADMIN3, ADMIN4: queries, methods and bodies come as they were sent", async () => {
  expect(await (await direct("/env.json?A&B")).json()).toEqual({ A: null, B: null });
  expect((await direct("/env.json?A=1")).status).toBe(400);
  const put = await direct("/proxy-log-level", { method: "PUT", body: "warn" });
  expect([put.status, await (await direct("/proxy-log-level")).text()]).toEqual([204, "warn"]);
  expect((await direct("/shutdown")).status).toBe(405);
});

test("ADMIN9: TLS for another name is not ended there, and HTTP/2 is spoken", async () => {
  const port = server.proxy.adminPort;
  const code = await new Promise((resolve) => {
    const socket = connectTls({ port, host: "127.0.0.1", servername: "other.test" });
    socket.on("error", ({ message }) => resolve(message));
    socket.on("secureConnect", () => resolve("secured"));
  });
  expect(code).not.toBe("secured");
  const session: ClientHttp2Session = connectHttp2(`http://127.0.0.1:${port}`);
  const status = await new Promise((resolve, reject) => {
    session.on("error", reject);
    session
      .request({ ":path": "/live" })
      .on("response", (headers) => resolve(headers[":status"]))
      .resume();
  });
  session.close();
  expect(status).toBe(200);
});
