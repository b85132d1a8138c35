import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcp } from "node:net";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const SERVER = "server.test.serviceaccount.identity.linkerd.cluster.local";
const P = "LINKERD2_PROXY_";
const SUFFIX = "test.svc.cluster.local";

const mesh = new FakeMesh();
const apps: Server[] = [];
let ingress: FakePod;

/** An application that says its name, and what it was sent. */
async function app(name: string): Promise<string> {
  const server = createServer((request, response) => {
    const { host, "l5d-dst-override": override = "none" } = request.headers;
    response.end(`${name} ${host} ${String(override)}`);
  }).listen(0, "127.0.0.1");
  apps.push(server);
  await until(
    () => server.listening,
    () => "the application does not listen",
  );
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  const server = await mesh.start(SERVER);
  ingress = await mesh.start("ingress.test", { [`${P}INGRESS_MODE`]: "true" });
  const { control } = mesh;
  const service = (name: string): void => {
    const path = `${name}.${SUFFIX}:80`;
    control.services.set(path, { path, opaque: false });
  };
  service("web");
  service("api");
  control.announce(`web.${SUFFIX}:80`, [
    { addr: await app("web"), identity: SERVER, directPort: server.proxy.inboundPort },
  ]);
  control.announce(`api.${SUFFIX}:80`, [{ addr: await app("api") }]);
  const [ip = "", port] = (await app("dialled")).split(":");
  ingress.target = { ip, port: Number(port) };
});

afterAll(async () => {
  await mesh.stop();
  for (const each of apps) each.close();
});

const call = (headers: Record<string, string>): Promise<Response> =>
  fetch(`http://127.0.0.1:${ingress.proxy.outboundPort}/`, { keepalive: false, headers });

test.each([
  ["l5d-dst-override", { host: "shop.example", "l5d-dst-override": `web.${SUFFIX}:80` }, "web"],
  [
    "l5d-dst-override without a port, whatever its case",
    { host: `api.${SUFFIX}`, "l5d-dst-override": `WEB.${SUFFIX}.` },
    "web",
  ],
  ["its own authority, where that is a Service", { host: `api.${SUFFIX}` }, "api"],
  ["the address, where its authority is no Service", { host: "shop.example" }, "dialled"],
  ["the address, where its authority is one", { host: "10.0.0.1:80" }, "dialled"],
])("P27, HDR3: a request goes by %s", async (_, headers, name) => {
  const response = await call(headers);
  expect([response.status, await response.text()]).toEqual([200, `${name} ${headers.host} none`]);
});

test("P27, LBL1: what is named goes over mTLS; what is not says why it does not", async () => {
  await call({ host: "shop.example", "l5d-dst-override": `web.${SUFFIX}:80` });
  await call({ host: "shop.example" });
  const counted = (labels: string): Promise<number> =>
    mesh.metric(ingress, "request_total", labels);
  expect(await counted(`tls="true",server_id="${SERVER}"`)).toBeGreaterThan(0);
  expect(
    await counted('tls="no_identity",no_tls_reason="ingress_without_override"'),
  ).toBeGreaterThan(0);
});

test("MET39: connections of an ingress are looked at, whatever their requests say", async () => {
  const looked = (result: string): Promise<number> =>
    mesh.metric(
      ingress,
      "outbound_tcp_detect_http_results_total",
      `result="${result}",parent_group="",parent_kind="default",parent_namespace="",parent_name="ingress",parent_port="",parent_section_name=""`,
    );
  const before = await looked("http/1");
  await call({ host: `api.${SUFFIX}` });
  await call({ host: "shop.example" });
  expect([(await looked("http/1")) - before, await looked("read_timeout")]).toEqual([2, 0]);
});

test("P27: requests of one connection go each its own way", async () => {
  const socket = connect(ingress.proxy.outboundPort, "127.0.0.1");
  const head = (name: string): string => `GET / HTTP/1.1\r\nhost: ${name}.${SUFFIX}\r\n\r\n`;
  socket.write(head("web") + head("api") + head("web"));
  let seen = "";
  socket.on("data", (chunk) => {
    seen += String(chunk);
  });
  const order = (): string[] =>
    [...seen.matchAll(/(web|api) \S+ none/g)].map(([, name]) => name ?? "");
  await until(
    () => order().length === 3,
    () => seen,
  );
  socket.destroy();
  expect(order()).toEqual(["web", "api", "web"]);
});

test("P27, ERR20: an override that is no name fails, without a word of why, and one that nobody knows", async () => {
  for (const override of ["10.0.0.1:80", "a b", "", "x:99999", `absent.${SUFFIX}`]) {
    const response = await call({ host: "shop.example", "l5d-dst-override": override });
    expect(response.status).toBe(500);
    expect(response.headers.get("l5d-proxy-error")).toBeNull();
    expect(response.headers.get("connection")).toBe("close");
  }
});

test("P27: what is no HTTP goes where the connection was going", async () => {
  const echo = createTcp((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await until(
    () => echo.listening,
    () => "the echo does not listen",
  );
  const before = ingress.target;
  ingress.target = { ip: "127.0.0.1", port: (echo.address() as AddressInfo).port };
  const socket = connect(ingress.proxy.outboundPort, "127.0.0.1");
  let seen = "";
  socket.on("data", (chunk) => {
    seen += String(chunk);
  });
  socket.write("\u0000\u0001 not HTTP\n");
  await until(
    () => seen.includes("not HTTP"),
    () => seen,
  );
  socket.destroy();
  echo.close();
  ingress.target = before;
});
