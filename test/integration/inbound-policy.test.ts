import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import {
  type AddressInfo,
  connect,
  createServer as createTcp,
  type Server as TcpServer,
} from "node:net";
import { connect as connectTls } from "node:tls";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";
import type { FakeServer } from "../fake/server-message.ts";

const mesh = new FakeMesh();
let pod: FakePod;
let app: Server;
let echo: TcpServer;

const portOf = (server: Server | TcpServer): number => (server.address() as AddressInfo).port;
const metadata = (name: string) => ({
  kind: {
    case: "resource" as const,
    value: { group: "policy.linkerd.io", kind: "HTTPRoute", namespace: "test", name },
  },
});
const prefix = (value: string) => ({ path: { kind: { case: "prefix" as const, value } } });

/** A Server that speaks HTTP/1, with this. */
const http1 = (value: object): FakeServer => ({
  labels: { group: "policy.linkerd.io", kind: "server", name: "web" },
  protocol: { kind: { case: "http1", value } },
});

beforeAll(async () => {
  app = createServer((request, response) => {
    response.end(`${request.method} ${request.url} ${request.headers["x-rule"] ?? "-"}`);
  }).listen(0, "127.0.0.1");
  echo = createTcp((socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  await until(
    () => app.listening && echo.listening,
    () => "the applications do not listen",
  );
  pod = await mesh.start("server.test");
});
beforeEach(async () => {
  mesh.control.ports = "detect";
  await apply({}, async () => (await call("/")).status === 200);
});
afterAll(async () => {
  await mesh.stop();
  app.closeAllConnections();
  app.close();
  echo.close();
});

/** A request as from the pod's own network, over a connection of its own. */
const call = (path: string, init: RequestInit = {}): Promise<Response> => {
  pod.target = { ip: "127.0.0.1", port: portOf(app) };
  return fetch(`http://127.0.0.1:${pod.proxy.inboundPort}${path}`, {
    ...{ keepalive: false, redirect: "manual" },
    ...init,
  });
};

/** Tells the proxy of a Server, and waits until it holds. */
async function apply(server: FakeServer, holds: () => Promise<boolean>): Promise<void> {
  mesh.control.server = server;
  mesh.control.announcePorts("all");
  await until(holds, () => "the Server does not hold");
}

test("INB10, P21, ERR1: routes of a Server decide what is let in, and how", async () => {
  const change = {
    kind: {
      case: "requestHeaderModifier",
      value: { set: { headers: [{ name: "x-rule", value: Buffer.from("set") }] } },
    },
  };
  const move = {
    kind: {
      case: "redirect",
      value: { status: 302, path: { replace: { case: "prefix", value: "/new" } } },
    },
  };
  const routes = [
    {
      metadata: metadata("all"),
      rules: [
        { matches: [prefix("/api")], filters: [change] },
        { matches: [prefix("/old")], filters: [move] },
      ],
    },
  ];
  await apply(http1({ routes }), async () => (await call("/other")).status === 404);
  expect(await (await call("/api/a?b=c", { method: "DELETE" })).text()).toBe(
    "DELETE /api/a?b=c set",
  );
  const moved = await call("/old/a");
  expect([moved.status, moved.headers.get("location")]).toEqual([
    ...[302, `http://127.0.0.1:${pod.proxy.inboundPort}/new/a`],
  ]);
  expect((await call("/apis")).status).toBe(404);
  const notFound = await mesh.metric(pod, "inbound_http_route_not_found_total", 'srv_name="web"');
  expect(notFound).toBeGreaterThanOrEqual(2);
  const routed = 'route_group="policy.linkerd.io",route_kind="HTTPRoute",route_name="all"';
  expect(await mesh.metric(pod, "inbound_http_authz_allow_total", routed)).toBe(2);
});

test("P41, ERR4: of more requests than the limit the rest gets 429, whatever the connection", async () => {
  const localRateLimit = { metadata: metadata("limit"), total: { requestsPerSecond: 5 } };
  const burst = async (): Promise<number[]> =>
    await Promise.all(Array.from({ length: 20 }, async () => (await call("/")).status));
  let statuses: number[] = [];
  await apply(http1({ localRateLimit }), async () => {
    statuses = await burst();
    return statuses.includes(429);
  });
  const passed = statuses.filter((status) => status === 200).length;
  expect(passed + statuses.filter((status) => status === 429).length).toBe(20);
  expect(passed).toBeLessThanOrEqual(6);
  const counted = await mesh.metric(
    pod,
    "inbound_http_local_ratelimit_total",
    'ratelimit_name="limit",ratelimit_scope="total"',
  );
  expect(counted).toBe(20 - passed);
  await apply({}, async () => (await burst()).every((status) => status === 200));
});

test("P46, MET11: a connection that is under way ends when a new policy does not allow it", async () => {
  pod.target = { ip: "127.0.0.1", port: portOf(echo) };
  const terminated = (): Promise<number> =>
    mesh.metric(pod, "inbound_tcp_authz_terminate_total", `target_port="${portOf(echo)}"`);
  const before = await terminated();
  const socket = connect(pod.proxy.inboundPort, "127.0.0.1");
  const read: string[] = [];
  let closed = false;
  socket.on("data", (bytes) => read.push(String(bytes)));
  socket.on("error", () => undefined);
  socket.on("close", () => {
    closed = true;
  });
  socket.write("not HTTP at all\r\n\r\n");
  await until(
    () => read.join("") === "not HTTP at all\r\n\r\n",
    () => "no echo",
  );
  mesh.control.announcePorts("none");
  socket.write("more");
  // Its own pod may call whatever else is allowed.
  await until(
    () => read.join("").endsWith("more"),
    () => "no more echo",
  );
  expect(closed).toBe(false);
  mesh.control.ports = "unreadable";
  mesh.control.announcePorts("none");
  await until(
    () => closed,
    () => "the connection goes on",
  );
  expect(await terminated()).toBe(before + 1);
  expect((await call("/")).status).toBe(403);
});

/** Begins the application's own TLS, which would pass through; whether its bytes got there. */
async function tlsGetsThrough(): Promise<boolean> {
  const socket = connectTls({
    port: pod.proxy.inboundPort,
    host: "127.0.0.1",
    servername: "a.test",
  });
  const through = await new Promise<boolean>((resolve) => {
    echo.once("connection", () => resolve(true));
    socket.on("error", () => resolve(false)).on("close", () => resolve(false));
  });
  socket.destroy();
  return through;
}

test("P46, P50: what is no HTTP goes to no port that policy declares to speak it, as its routes do not hold for that", async () => {
  pod.target = { ip: "127.0.0.1", port: portOf(echo) };
  const denied = (): Promise<number> =>
    mesh.metric(pod, "inbound_tcp_authz_deny_total", 'sni="a.test"');
  expect([await tlsGetsThrough(), await denied()]).toEqual([true, 0]);
  await apply(http1({ routes: [] }), async () => !(await tlsGetsThrough()));
  expect(await denied()).toBe(1);
});
