import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { networkInterfaces } from "node:os";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";
const HERE = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === "::1"),
);
const why = HERE ? "" : " (needs ::1)";
const P = "LINKERD2_PROXY_";
const OVER = {
  [`${P}OUTBOUND_LISTEN_ADDRS`]: "127.0.0.1:0,[::1]:0",
  [`${P}INBOUND_LISTEN_ADDR`]: "[::]:0",
  [`${P}ADMIN_LISTEN_ADDR`]: "[::]:0",
};

const mesh = new FakeMesh();
let server: FakePod;
let client: FakePod;
let app: Server;

beforeAll(async () => {
  if (!HERE) return;
  app = createServer((request, response) =>
    response.end(`${request.headers["l5d-client-id"]} ${request.socket.localAddress}`),
  ).listen(0, "::1");
  await until(
    () => app.listening,
    () => "the application does not listen",
  );
  server = await mesh.start(SERVER, OVER);
  client = await mesh.start("client.test", OVER);
  const path = "web.test.svc.cluster.local:80";
  mesh.control.services.set("[fd00::1]:80", { path, opaque: false });
  mesh.control.announce(path, [
    {
      addr: `[::1]:${(app.address() as AddressInfo).port}`,
      identity: SERVER,
      directPort: server.proxy.inboundPort,
    },
  ]);
  client.target = { ip: "fd00::1", port: 80 };
});
afterAll(async () => {
  await mesh.stop();
  app?.close();
});

test.skipIf(!HERE)(
  `P59, P2: a Service of IPv6 is called over a listener of IPv6, and an endpoint of it by mTLS${why}`,
  async () => {
    const response = await fetch(`http://[::1]:${client.proxy.outboundPort}/`, {
      keepalive: false,
      headers: { host: "web.test" },
    });
    expect([response.status, await response.text()]).toEqual([200, "client.test ::1"]);
    const target = 'target_ip="::1"';
    expect(await mesh.metric(client, "request_total", target)).toBe(1);
    expect(await mesh.metric(server, "request_total", target)).toBe(1);
  },
);

test.skipIf(!HERE)(`P59: the admin port answers over both families${why}`, async () => {
  for (const host of ["127.0.0.1", "[::1]"]) {
    const response = await fetch(`http://${host}:${server.proxy.adminPort}/ready`);
    expect(response.status).toBe(200);
  }
});

test.skipIf(!HERE)(
  `P59: a caller over IPv4 on a listener of IPv6 has its own address${why}`,
  async () => {
    mesh.control.server = {};
    const allowed = (): Promise<number> =>
      mesh.metric(server, "inbound_http_authz_allow_total", 'authz_name="localhost"');
    const before = await allowed();
    server.target = { ip: "127.0.0.1", port: 9 };
    const socket = connect(server.proxy.inboundPort, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    // Only who comes from loopback is let in by the authorization of that name.
    await until(
      async () => (await allowed()) > before,
      () => "it was not taken for loopback",
    );
    socket.destroy();
    server.target = undefined;
  },
);
