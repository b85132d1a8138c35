import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect, createServer as createTcp } from "node:net";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const identity = (name: string): string =>
  `${name}.test.serviceaccount.identity.linkerd.cluster.local`;
const [SERVER, GATEWAY, CLIENT] = [identity("server"), identity("gateway"), identity("client")];
const SUFFIXES = { LINKERD2_PROXY_INBOUND_GATEWAY_SUFFIXES: "svc.cluster.local." };
const WEB = "web.test.svc.cluster.local";

const mesh = new FakeMesh();
let app: Server;
let gateway: FakePod;
let client: FakePod;
let services = 0;

/** An address of the client's whose only endpoint is the gateway, under a name. */
function mirrored(authority: string, over: object = {}): { ip: string; port: number } {
  services += 1;
  const [ip, path] = [`10.98.0.${services}`, `mirror-${services}.test.svc.cluster.local:80`];
  mesh.control.services.set(`${ip}:80`, { path, opaque: false, ...over });
  mesh.control.announce(path, [
    { addr: `127.0.0.1:${gateway.proxy.inboundPort}`, identity: GATEWAY, authority, ...over },
  ]);
  return { ip, port: 80 };
}

beforeAll(async () => {
  app = createServer((request, response) => {
    const { host, forwarded = "none", "l5d-client-id": id } = request.headers;
    request.resume();
    request.on("end", () => {
      if (request.url === "/fail") response.writeHead(500);
      response.end(JSON.stringify({ host, forwarded, id }));
    });
  }).listen(0, "127.0.0.1");
  await until(
    () => app.listening,
    () => "the application does not listen",
  );
  const server = await mesh.start(SERVER);
  gateway = await mesh.start(GATEWAY, SUFFIXES);
  client = await mesh.start(CLIENT);
  const { control } = mesh;
  control.services.set(`${WEB}:80`, { path: `${WEB}:80`, opaque: false });
  control.announce(`${WEB}:80`, [
    {
      addr: `127.0.0.1:${(app.address() as AddressInfo).port}`,
      identity: SERVER,
      directPort: server.proxy.inboundPort,
    },
  ]);
});

afterAll(async () => {
  await mesh.stop();
  app.close();
});

const call = (target: { ip: string; port: number }, path = "/", init: RequestInit = {}) => {
  client.target = target;
  return fetch(`http://127.0.0.1:${client.proxy.outboundPort}${path}`, {
    keepalive: false,
    ...init,
    headers: { host: "web.mirror", ...init.headers },
  });
};

/** A call's answer, of a client of HTTP/2. */
async function callGrpc(target: { ip: string; port: number }) {
  client.target = target;
  const session = connectHttp2(`http://127.0.0.1:${client.proxy.outboundPort}`);
  const headers = { ":method": "POST", ":path": "/a.B/C", "content-type": "application/grpc" };
  const stream = session.request(headers);
  stream.end();
  const answer = await new Promise<Record<string, unknown>>((resolve, reject) =>
    stream.on("response", resolve).on("error", reject),
  );
  session.destroy();
  return [answer[":status"], answer["grpc-status"]];
}

test("P28, WIRE5, WIRE8, WIRE9: a gateway sends on what the header names, and says so", async () => {
  const response = await call(mirrored(`${WEB}:80`), "/", {
    method: "POST",
    body: "x".repeat(70_000),
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    host: WEB,
    forwarded: `by=${GATEWAY};for=${CLIENT};host=${WEB};proto=https`,
    // Of the next proxy: the gateway.
    id: GATEWAY,
  });
  const counted = await mesh.metric(
    gateway,
    "inbound_http_authz_allow_total",
    `client_id="${CLIENT}"`,
  );
  expect(counted).toBeGreaterThan(0);
});

test("P28: what the application answers comes back, failures too", async () => {
  expect((await call(mirrored(`${WEB}:80`), "/fail")).status).toBe(500);
});

test("P28: requests may name their destination themselves, on a header without a name", async () => {
  const target = mirrored("");
  const port = gateway.proxy.inboundPort;
  mesh.control.announce(`mirror-${services}.test.svc.cluster.local:80`, [
    { addr: `127.0.0.1:${port}`, identity: GATEWAY, directPort: port },
  ]);
  const response = await call(target, "/", { headers: { host: WEB } });
  expect(await response.json()).toMatchObject({ host: WEB, id: GATEWAY });
  expect((await call(target, "/", { headers: { host: "shop.example" } })).status).toBe(404);
});

test.each([
  ["outside of the suffixes", "shop.example:80"],
  ["that nobody knows", "absent.test.svc.cluster.local:80"],
])("P28, ERR2: a name %s is not found", async (_, authority) => {
  const counted = (): Promise<number> =>
    mesh.metric(gateway, "inbound_http_errors_total", 'error="gateway domain invalid"');
  const before = await counted();
  const response = await call(mirrored(authority));
  expect(response.status).toBe(404);
  expect(response.headers.get("l5d-proxy-error")).toBe("gateway domain invalid");
  expect(response.headers.get("connection")).not.toBe("close");
  expect(await callGrpc(mirrored(authority))).toEqual([200, "5"]);
  expect(await counted()).toBe(before + 2);
});

test("P3, ERR12: a request that has come through the gateway goes no further", async () => {
  const forwarded = `by=${GATEWAY};for=other.test;host=${WEB};proto=https`;
  const counted = (): Promise<number> =>
    mesh.metric(gateway, "inbound_http_errors_total", 'error="gateway loop"');
  const before = await counted();
  const response = await call(mirrored(`${WEB}:80`), "/", { headers: { forwarded } });
  expect(response.status).toBe(508);
  expect(response.headers.get("l5d-proxy-error")).toBe("gateway loop detected");
  expect(response.headers.get("connection")).toBe("close");
  expect(await counted()).toBe(before + 1);
  const others = `by=${SERVER};for=other.test;host=${WEB};proto=https`;
  const passed = await call(mirrored(`${WEB}:80`), "/", { headers: { forwarded: others } });
  expect(await passed.json()).toMatchObject({ forwarded: expect.stringContaining(others) });
});

test("P3, ERR12, E24: two gateways that lead to each other notice it", async () => {
  const name = "loop.test.svc.cluster.local:80";
  const other = await mesh.start(identity("other"), SUFFIXES);
  mesh.control.services.set(name, { path: name, opaque: false });
  const endpoint = (pod: FakePod) => ({
    addr: `127.0.0.1:${pod.proxy.inboundPort}`,
    identity: pod.name,
    authority: name,
  });
  mesh.control.announce(name, [endpoint(other), endpoint(gateway)]);
  expect((await call(mirrored(name))).status).toBe(508);
});

test("P28: who may not call the gateway's port does not get through", async () => {
  const target = mirrored(`${WEB}:80`);
  expect((await call(target)).status).toBe(200);
  // Who calls from loopback is always let in, but where a policy cannot be read.
  mesh.control.ports = "unreadable";
  mesh.control.announcePorts("all");
  await until(
    async () => (await call(target)).status === 403,
    () => "it still gets through",
  );
  mesh.control.ports = "detect";
  mesh.control.announcePorts("all");
  await until(
    async () => (await call(target)).status === 200,
    () => "it does not get through again",
  );
});

test("P28: opaque bytes go on, both ways, and those of an unknown name are closed", async () => {
  const echo = createTcp({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(
    0,
    "127.0.0.1",
  );
  await until(
    () => echo.listening,
    () => "the echo does not listen",
  );
  const name = "echo.test.svc.cluster.local:6379";
  mesh.control.services.set(name, { path: name, opaque: true });
  mesh.control.announce(name, [{ addr: `127.0.0.1:${(echo.address() as AddressInfo).port}` }]);
  const send = async (target: { ip: string; port: number }): Promise<string> => {
    client.target = target;
    const socket = connect(client.proxy.outboundPort, "127.0.0.1");
    let seen = "";
    socket.on("data", (chunk) => {
      seen += String(chunk);
    });
    socket.on("error", () => undefined);
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    socket.end("\u0000opaque");
    await closed;
    return seen;
  };
  expect(await send(mirrored(name, { opaque: true }))).toBe("\u0000opaque");
  const refused = (): Promise<number> =>
    mesh.metric(gateway, "inbound_tcp_errors_total", 'error="gateway domain invalid"');
  const before = await refused();
  expect(await send(mirrored("shop.example:80", { opaque: true }))).toBe("");
  expect(await refused()).toBe(before + 1);
  echo.close();
});

test("P28: an upgrade goes through as a tunnel", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  server.on("upgrade", (_, socket) => {
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n",
    );
    socket.pipe(socket);
  });
  await until(
    () => server.listening,
    () => "the server does not listen",
  );
  const name = "tunnel.test.svc.cluster.local:80";
  mesh.control.services.set(name, { path: name, opaque: false });
  mesh.control.announce(name, [{ addr: `127.0.0.1:${(server.address() as AddressInfo).port}` }]);
  client.target = mirrored(name);
  const socket = connect(client.proxy.outboundPort, "127.0.0.1");
  let seen = "";
  socket.on("data", (chunk) => {
    seen += String(chunk);
  });
  socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n");
  await until(
    () => seen.includes("101"),
    () => seen,
  );
  socket.write("ping");
  await until(
    () => seen.endsWith("ping"),
    () => seen,
  );
  socket.destroy();
  server.close();
});
