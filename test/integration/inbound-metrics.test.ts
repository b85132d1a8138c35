import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcp } from "node:net";
import { parseExposition, type Sample } from "#lib/metrics/parse.ts";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";

const mesh = new FakeMesh();
let pod: FakePod;
let client: FakePod;
let app: Server;
let asked = 0;
const echo = createTcp((socket) => socket.pipe(socket));

beforeAll(async () => {
  app = createServer((request, response) => {
    asked++;
    request.resume();
    request.on("end", () => response.writeHead(request.url === "/404" ? 404 : 200).end("answer"));
  }).listen(0, "127.0.0.1");
  echo.listen(0, "127.0.0.1");
  await until(
    () => app.listening && echo.listening,
    () => "the applications do not listen",
  );
  // The policy that holds until a port's own is heard.
  mesh.control.server = { labels: { group: "", kind: "default", name: "all-unauthenticated" } };
  pod = await mesh.start("server.test", {
    LINKERD2_PROXY_INBOUND_METRICS_AUTHORITY_LABELS: "unsafe",
  });
  client = await mesh.start("client.test");
});
afterAll(async () => {
  await mesh.stop();
  app.closeAllConnections();
  app.close();
  echo.close();
});

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
const call = (path: string, init: RequestInit = {}): Promise<Response> => {
  pod.target = { ip: "127.0.0.1", port: portOf(app) };
  return fetch(`http://127.0.0.1:${pod.proxy.inboundPort}${path}`, { keepalive: false, ...init });
};
async function told(
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<readonly Sample[]> {
  const response = await fetch(`http://127.0.0.1:${pod.proxy.adminPort}/metrics`);
  return parseExposition(await response.text()).filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
}
const valuesOf = async (...of: Parameters<typeof told>) =>
  (await told(...of)).map(({ value }) => value);

test("MET14, MET15, MET16, LBL7: requests of a server's route are counted, as many as the application saw", async () => {
  const port = String(portOf(app));
  const labels = {
    ...{ parent_group: "", parent_kind: "default", parent_name: "all-unauthenticated" },
    parent_port: port,
    ...{ route_group: "", route_kind: "default", route_name: "default" },
  };
  const counted = async () => [
    (await valuesOf("inbound_http_requests_total"))[0] ?? 0,
    (await valuesOf("inbound_http_statuses_total", { status: "200" }))[0] ?? 0,
    (await valuesOf("inbound_http_statuses_total", { status: "404" }))[0] ?? 0,
    asked,
  ];
  const before = await counted();
  for (const path of ["/", "/", "/404"]) await (await call(path)).text();
  const after = await counted();
  expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([3, 2, 1, 3]);
  expect((await told("inbound_http_requests_total"))[0]?.labels).toEqual(labels);
  const [missing] = await told("inbound_http_statuses_total", { status: "404" });
  expect(missing?.labels).toEqual({ ...labels, status: "404" });
});

test("MET17, MET18, MET19: times and frames have one observation for each request and chunk", async () => {
  const of = ["request_duration_seconds_count", "response_duration_seconds_count"].map(
    (name) => `inbound_http_${name}`,
  );
  const frames = ["request", "response"].map((side) => `inbound_http_${side}_frame_size_bytes_sum`);
  const sums = async (names: readonly string[]) =>
    Promise.all(names.map(async (name) => (await valuesOf(name))[0] ?? 0));
  const before = await sums([...of, ...frames]);
  await (await call("/", { method: "POST", body: "x".repeat(500) })).text();
  const after = await sums([...of, ...frames]);
  expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([1, 1, 500, 6]);
});

test("LBL3, INBOUND_METRICS_AUTHORITY_LABELS: what requests name is told, where that was asked for", async () => {
  await (await call("/", { headers: { host: "Web.test:8080" } })).text();
  await (await call("/", { headers: { host: "web.test:80" } })).text();
  await (
    await call("/", { headers: { "l5d-dst-canonical": "web.ns.svc.cluster.local:80" } })
  ).text();
  for (const authority of ["web.test:8080", "web.test", "web.ns.svc.cluster.local"])
    expect(await valuesOf("request_total", { authority, direction: "inbound" })).toEqual([1]);
});

test("MET20: looks at what connections speak are counted by server", async () => {
  const labels = {
    srv_kind: "default",
    srv_name: "all-unauthenticated",
    srv_port: String(portOf(app)),
  };
  const found = (result: string) =>
    valuesOf("inbound_tcp_detect_http_results_total", { ...labels, result });
  const [before = 0] = await found("http/1");
  await (await call("/")).text();
  expect(await found("http/1")).toEqual([before + 1]);
  expect(await found("read_timeout")).toEqual([0]);
  expect(await valuesOf("inbound_tcp_detect_http_duration_seconds_count", labels)).toEqual([
    before + 1,
  ]);
});

test("MET21, LBL3: a transport header is counted by what it says; outbound tells the authority always", async () => {
  const service = "10.99.3.1:80";
  const path = "web.test.svc.cluster.local:8080";
  mesh.control.services.set(service, { path, opaque: false });
  mesh.control.announce(path, [
    {
      addr: `127.0.0.1:${portOf(app)}`,
      ...{ identity: "server.test", directPort: pod.proxy.inboundPort },
    },
  ]);
  client.target = { ip: "10.99.3.1", port: 80 };
  pod.target = undefined;
  const response = await fetch(`http://127.0.0.1:${client.proxy.outboundPort}/`, {
    keepalive: false,
  });
  expect(response.status).toBe(200);
  await response.text();
  expect(await told("inbound_tcp_transport_header_connections_total")).toEqual([
    {
      name: "inbound_tcp_transport_header_connections_total",
      labels: {
        ...{ session_protocol: "http/2", target_port: String(portOf(app)), target_name: "" },
        client_id: "client.test",
      },
      value: 1,
    },
  ]);
  expect(await mesh.metric(client, "request_total", `authority="${path}"`)).toBe(1);
  expect(await mesh.metric(client, "tcp_open_total", `authority="${path}"`)).toBe(1);
});

test("MET8, LBL1: connections are counted on both sides of inbound, with their bytes", async () => {
  pod.target = { ip: "127.0.0.1", port: portOf(echo) };
  const port = String(portOf(echo));
  const socket = connect(pod.proxy.inboundPort, "127.0.0.1", () => socket.write("\0ping"));
  await new Promise((resolve) => socket.once("data", resolve));
  const of = (name: string, over: object = {}) =>
    valuesOf(name, { direction: "inbound", peer: "src", target_port: port, ...over });
  expect(await of("tcp_open_connections")).toEqual([1]);
  socket.end();
  await new Promise((resolve) => socket.once("close", resolve));
  await until(
    async () => (await of("tcp_close_total", { errno: "" }))[0] === 1,
    () => "the connection is not told to be closed",
  );
  const [sample] = await told("tcp_open_total", { peer: "src", target_port: port });
  expect(sample?.labels).toEqual({
    ...{ direction: "inbound", peer: "src", tls: "no_identity", no_tls_reason: "loopback" },
    ...{ target_addr: `127.0.0.1:${port}`, target_ip: "127.0.0.1", target_port: port },
    ...{ srv_group: "", srv_kind: "default", srv_name: "all-unauthenticated", srv_port: port },
  });
  expect([await of("tcp_read_bytes_total"), await of("tcp_write_bytes_total")]).toEqual([[5], [5]]);
  const [forwarded] = await told("tcp_open_total", { peer: "dst", direction: "inbound" });
  expect(forwarded?.labels).toEqual({
    ...{ direction: "inbound", peer: "dst", tls: "no_identity", no_tls_reason: "loopback" },
  });
});
