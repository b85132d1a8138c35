import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect, createServer } from "node:net";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";
const named = (value: string) => ({ kind: { case: "default" as const, value } });

const mesh = new FakeMesh();
let server: FakePod;
let client: FakePod;

beforeAll(async () => {
  server = await mesh.start(SERVER);
  client = await mesh.start("client.test");
  const path = "web.test.svc.cluster.local:80";
  mesh.control.services.set("10.99.0.1:80", { path, opaque: false });
  mesh.control.announce(path, [
    { addr: "127.0.0.1:9", identity: SERVER, directPort: server.proxy.inboundPort },
  ]);
  client.target = { ip: "10.99.0.1", port: 80 };
});
afterAll(() => mesh.stop());

test("WIRE14: what the server's proxy says of closing is done on the application's connection", async () => {
  // An injected failure of inbound closes; a route that is not found does not.
  const failure = {
    kind: { case: "failureInjector" as const, value: { status: 503, message: "no" } },
  };
  const value = {
    timeout: { seconds: 10n, nanos: 0 },
    httpRoutes: [
      {
        metadata: named("failing"),
        rules: [
          {
            matches: [{ path: { kind: { case: "prefix" as const, value: "/fail" } } }],
            filters: [failure],
          },
        ],
      },
    ],
  };
  mesh.control.server = { protocol: { kind: { case: "detect", value } } };
  mesh.control.announcePorts("all");
  const call = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${client.proxy.outboundPort}${path}`, { headers: { host: "a" } });
  await until(
    async () => (await call("/fail")).status === 500,
    () => "the policy does not hold",
  );
  const failed = await call("/fail");
  expect(failed.headers.get("l5d-proxy-connection")).toBe("close");
  expect(failed.headers.get("connection")).toBe("close");
  const absent = await call("/absent");
  expect([absent.status, absent.headers.get("connection")]).toEqual([404, null]);
});

test("WIRE14, P57: a server that ends says GOAWAY, and its last answers come", async () => {
  const ending = await mesh.start("ending.test");
  ending.target = { ip: "127.0.0.1", port: 9 };
  const session = connectHttp2(`http://127.0.0.1:${ending.proxy.inboundPort}`);
  const heard: string[] = [];
  session.on("goaway", (code) => void heard.push(`goaway ${code}`));
  session.on("close", () => void heard.push("close"));
  session.on("error", () => undefined);
  const stream = session.request({ ":path": "/" });
  await new Promise((resolve) => stream.on("response", resolve));
  stream.close();
  await ending.proxy.drain();
  await until(
    () => heard.includes("close"),
    () => heard.join(),
  );
  expect(heard[0]).toBe("goaway 0");
});

test("P57: bytes that are no HTTP still go both ways while a proxy drains, which ends with them", async () => {
  const echo = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const ending = await mesh.start("ending-bytes.test");
  const path = "echo.test.svc.cluster.local:7";
  mesh.control.services.set("10.99.0.2:7", { path, opaque: true });
  mesh.control.announce(path, [{ addr: `127.0.0.1:${(echo.address() as AddressInfo).port}` }]);
  ending.target = { ip: "10.99.0.2", port: 7 };
  const socket = connect({ port: ending.proxy.outboundPort, host: "127.0.0.1" });
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk.toString();
  });
  const says = async (text: string): Promise<void> => {
    socket.write(text);
    await until(
      () => heard.endsWith(text),
      () => `"${text}" does not come back: "${heard}"`,
    );
  };
  await says("before");
  let isOver = false;
  const drained = ending.proxy.drain().then(() => {
    isOver = true;
  });
  await says("meanwhile");
  expect(isOver).toBe(false);
  socket.end();
  await drained;
  echo.close();
});
