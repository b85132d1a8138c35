import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import {
  type AddressInfo,
  connect,
  createServer as createTcp,
  type Server as TcpServer,
} from "node:net";
import type { ByteStream } from "#lib/net/byte-stream.ts";
import { peerCertificates } from "#lib/net/peer-certificates.ts";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";
import { dialTcp } from "../fake/tls-door.ts";

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";
const CLIENT = "client.test.serviceaccount.identity.linkerd.cluster.local";
const WEB = { ip: "10.99.0.1", port: 80 };
const ECHO = { ip: "10.99.0.2", port: 6379 };

const mesh = new FakeMesh();
let server: FakePod;
let client: FakePod;
let app: Server;
let echo: TcpServer;
const portOf = (listening: Server | TcpServer): number => (listening.address() as AddressInfo).port;

beforeAll(async () => {
  app = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const status = request.url === "/fail" ? 500 : 200;
      response.writeHead(status, {
        "x-version": request.httpVersion,
        "x-client": request.headers["l5d-client-id"] ?? "none",
      });
      response.end(
        body.length > 0 ? body : `hello ${request.method} ${request.url} ${request.headers.host}`,
      );
    });
  }).listen(0, "127.0.0.1");
  echo = createTcp({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await until(
    () => app.listening && echo.listening,
    () => "applications do not listen",
  );
  server = await mesh.start(SERVER);
  client = await mesh.start(CLIENT);
  const direct = { identity: SERVER, directPort: server.proxy.inboundPort };
  mesh.control.services.set("10.99.0.1:80", {
    path: "web.test.svc.cluster.local:80",
    opaque: false,
  });
  mesh.control.services.set("10.99.0.2:6379", {
    path: "echo.test.svc.cluster.local:6379",
    opaque: true,
  });
  mesh.control.announce("web.test.svc.cluster.local:80", [
    { addr: `127.0.0.1:${portOf(app)}`, ...direct },
  ]);
  mesh.control.announce("echo.test.svc.cluster.local:6379", [
    { addr: `127.0.0.1:${portOf(echo)}`, ...direct, opaque: true },
  ]);
  client.target = WEB;
});

afterAll(async () => {
  await mesh.stop();
  app.close();
  echo.close();
});

const call = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${client.proxy.outboundPort}${path}`, {
    keepalive: false,
    ...init,
    headers: { host: "web.test", ...init.headers },
  });

test("P14, P17, HDR1, MET1: a request goes from application to application over mTLS, and each side counts it", async () => {
  const inbound = (): Promise<number> =>
    mesh.metric(server, "request_total", `client_id="${CLIENT}"`);
  const success = (): Promise<number> => mesh.metric(client, "response_total", 'status_code="200"');
  const outbound = (): Promise<number> =>
    mesh.metric(client, "request_total", `tls="true",server_id="${SERVER}"`);
  const before = [await inbound(), await success(), await outbound()];
  for (let i = 0; i < 20; i++) {
    const response = await call(`/x?${i}`);
    expect([response.status, await response.text()]).toEqual([200, `hello GET /x?${i} web.test`]);
    expect(response.headers.get("x-client")).toBe(CLIENT);
    expect(response.headers.get("x-version")).toBe("1.1");
  }
  const after = [await inbound(), await success(), await outbound()];
  expect(after.map((count, i) => count - (before[i] ?? 0))).toEqual([20, 20, 20]);
});

test("bodies of any size come back whole, both framed and chunked", async () => {
  for (const size of [1, 70_000, 3_000_000]) {
    const body = Buffer.alloc(size, "abcdefghij");
    const response = await call("/echo", { method: "POST", body });
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  }
  const stream = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode("one "));
      controller.enqueue(new TextEncoder().encode("two"));
      controller.close();
    },
  });
  expect(await (await call("/echo", { method: "POST", body: stream })).text()).toBe("one two");
});

test("a failure of the application is passed on and counted as one", async () => {
  const failures = (): Promise<number> =>
    mesh.metric(client, "response_total", 'status_code="500"');
  const before = await failures();
  expect((await call("/fail")).status).toBe(500);
  expect((await failures()) - before).toBe(1);
});

test("requests that run at once share one connection between the proxies", async () => {
  const open = (): Promise<number> =>
    mesh.metric(client, "tcp_open_connections", `target_addr="127.0.0.1:${portOf(app)}`);
  expect((await call("/first")).status).toBe(200);
  const before = await open();
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => call(`/many/${i}`)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  // What an endpoint that is no more still had open may have closed meanwhile.
  expect(await open()).toBeWithin(1, before + 1);
});

test("P49, WIRE7, WIRE9: opaque bytes go both ways, with half-close", async () => {
  client.target = ECHO;
  const received = await new Promise<string>((resolve, reject) => {
    let text = "";
    const socket = connect({
      port: client.proxy.outboundPort,
      host: "127.0.0.1",
      allowHalfOpen: true,
    });
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
    socket.end("ping ".repeat(50_000));
  });
  client.target = WEB;
  expect(received).toBe("ping ".repeat(50_000));
});

test("malformed HTTP gets 400 and the connection closes", async () => {
  const answer = await new Promise<string>((resolve) => {
    let text = "";
    const socket = connect(client.proxy.outboundPort, "127.0.0.1");
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("close", () => resolve(text));
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  });
  expect(answer).toStartWith("HTTP/1.1 400 Bad Request");
});

test("P39, ERR5, WIRE3, E12, E13: an endpoint with another identity is refused; no endpoint fails fast", async () => {
  const path = "web.test.svc.cluster.local:80";
  const addr = `127.0.0.1:${portOf(app)}`;
  mesh.control.announce(path, [
    { addr, identity: "other.identity", directPort: server.proxy.inboundPort },
  ]);
  await until(
    async () => (await call("/")).status >= 500,
    () => "another identity is accepted",
  );
  expect(
    await mesh.metric(client, "bunkerd_tls_handshake_failures_total", 'reason="'),
  ).toBeGreaterThan(0);
  mesh.control.announce(path, []);
  await until(
    async () => (await call("/")).status === 504,
    () => "nothing fails fast",
  );
  mesh.control.announce(path, [{ addr, identity: SERVER, directPort: server.proxy.inboundPort }]);
  await until(
    async () => (await call("/")).status === 200,
    () => "the endpoint does not come back",
  );
});

test("an unknown destination passes through and is counted", async () => {
  client.target = { ip: "127.0.0.1", port: portOf(app) };
  const response = await call("/through");
  client.target = WEB;
  expect([response.status, response.headers.get("x-client")]).toEqual([200, "none"]);
  expect(
    await mesh.metric(client, "request_total", 'no_tls_reason="not_provided_by_service_discovery"'),
  ).toBe(1);
});

test("P3, WIRE10: a connection to the proxy's own port is refused", async () => {
  client.target = undefined;
  const closed = new Promise<void>((resolve) => {
    connect(client.proxy.outboundPort, "127.0.0.1")
      .on("close", () => resolve())
      .on("error", () => resolve());
  });
  await closed;
  client.target = WEB;
  expect(
    await mesh.metric(client, "outbound_tcp_errors_total", 'error="unexpected"'),
  ).toBeGreaterThan(0);
});

test("E1: what an endpoint's application did not take is tried on another endpoint, body and all", async () => {
  const spare = await mesh.start(SERVER);
  const closed = createTcp().listen(0, "127.0.0.1");
  await until(
    () => closed.listening,
    () => "no port",
  );
  const refused = portOf(closed);
  closed.close();
  const path = "web.test.svc.cluster.local:80";
  const addr = `127.0.0.1:${portOf(app)}`;
  const broken = { identity: SERVER, directPort: server.proxy.inboundPort };
  mesh.control.announce(path, [
    { addr: `127.0.0.1:${refused}`, ...broken },
    { addr, identity: SERVER, directPort: spare.proxy.inboundPort },
  ]);
  const rescued = (): Promise<number> =>
    mesh.metric(client, "bunkerd_outbound_http_not_delivered_total");
  await until(
    async () => {
      const answer = await call("/", { method: "POST", body: "hi" });
      expect([answer.status, await answer.text()]).toEqual([200, "hi"]);
      return (await rescued()) > 0;
    },
    () => "nothing was rescued",
  );
  mesh.control.announce(path, [{ addr, ...broken }]);
});

test("a proxy shows its certificate to who asks from its own pod, as through a port-forward, and nothing else", async () => {
  const pod = await mesh.start(SERVER, { LINKERD2_PROXY_INBOUND_IPS: "10.99.0.9" });
  const dial = (): Promise<ByteStream> => dialTcp(pod.proxy.inboundPort);
  const [leaf] = await peerCertificates(await dial(), SERVER);
  expect(leaf?.subjectAltName).toBe(`DNS:${SERVER}`);
  const plain = await dial();
  const closed = new Promise<string>((resolve) => {
    const chunks: Uint8Array[] = [];
    plain.handler = {
      onData: (chunk) => void chunks.push(new Uint8Array(chunk)),
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => resolve(Buffer.concat(chunks).toString()),
    };
  });
  plain.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
  expect(await closed).toBe("");
});
