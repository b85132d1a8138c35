import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect, createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect as connectTcp, createServer as createTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { parseExposition, type Sample } from "#lib/metrics/parse.ts";
import { until } from "../fake/mesh.ts";
import { first, http1Policy, OutboundBed, policyOf } from "../fake/outbound-bed.ts";

const bed = new OutboundBed();
let app: string;
let calls: Http2Server;
let asked = 0;
/** What the application answers to the next requests, then 200. */
const statuses: number[] = [];

beforeAll(async () => {
  await bed.start({ LINKERD2_PROXY_OUTBOUND_METRICS_HOSTNAME_LABELS: "true" });
  app = await bed.app((request, response) => {
    asked++;
    request.resume();
    if (request.url === "/hangs") return;
    if (request.url === "/breaks") {
      response.write("begun");
      setImmediate(() => request.socket.resetAndDestroy());
      return;
    }
    response.writeHead(statuses.shift() ?? 200).end("x".repeat(2000));
  });
  calls = createServer().on("stream", (stream: ServerHttp2Stream, headers) => {
    stream.on("error", () => undefined);
    if (headers[":path"] === "/a.B/Resets") {
      stream.close(2);
      return;
    }
    stream.respond(
      { ":status": 200, "content-type": "application/grpc" },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "8" }));
    stream.end("message");
  });
  calls.listen(0, "127.0.0.1");
  await until(
    () => calls.listening,
    () => "the application does not listen",
  );
});
afterAll(async () => {
  calls.close();
  await bed.stop();
});

const resource = (kind: string, name: string, over: object = {}) => ({
  kind: {
    case: "resource" as const,
    value: { group: "policy", kind, namespace: "shop", name, section: "", port: 0, ...over },
  },
});
const PARENT = {
  ...{ parent_group: "policy", parent_kind: "Service", parent_namespace: "shop" },
  ...{ parent_port: "8080", parent_section_name: "" },
};
const routeOf = (name: string) => ({
  ...{ route_group: "policy", route_kind: "HTTPRoute", route_namespace: "shop", route_name: name },
});
const backendOf = (name: string) => ({
  ...{ backend_group: "policy", backend_kind: "Service", backend_namespace: "shop" },
  ...{ backend_name: name, backend_port: "80", backend_section_name: "s" },
});

/** A Service with one route of its name, to one backend of its name too. */
function service(name: string, rule: object = {}, addr = app) {
  return bed.service(
    (backend) =>
      policyOf(
        {
          case: "http1",
          value: {
            routes: [
              {
                metadata: resource("HTTPRoute", name),
                rules: [
                  {
                    backends: first({
                      backend: {
                        ...backend,
                        metadata: resource("Service", name, { port: 80, section: "s" }),
                      },
                    }),
                    ...rule,
                  },
                ],
              },
            ],
          },
        },
        resource("Service", name, { port: 8080 }),
      ),
    addr,
  );
}

/** The series of a family about one parent, without those labels that are the same in all of them. */
async function told(family: string, name: string): Promise<readonly Sample[]> {
  const response = await fetch(`http://127.0.0.1:${bed.proxy.proxy.adminPort}/metrics`);
  return parseExposition(await response.text()).filter(
    (sample) => sample.name === `outbound_${family}` && sample.labels["parent_name"] === name,
  );
}
const endings = async (family: string, name: string): Promise<readonly string[]> =>
  (await told(family, name)).map(
    ({ labels, value }) =>
      `${labels["http_status"] ?? labels["grpc_status"]} ${labels["error"]} ${value}`,
  );

test("MET22, MET24, MET27, MET29, LBL6: requests are counted by parent, route, backend and host, as many as there were", async () => {
  const counted = service("counts");
  const before = asked;
  for (const status of [200, 200, 404, 503]) {
    statuses.push(status);
    await (await bed.call(counted)).text();
  }
  expect(asked - before).toBe(4);
  const labels = { ...PARENT, parent_name: "counts", ...routeOf("counts") };
  const statusesTold = await told("http_route_request_statuses_total", "counts");
  expect(statusesTold.map(({ value }) => value)).toEqual([2, 1, 1]);
  expect(statusesTold[0]?.labels).toEqual({
    ...{ ...labels, hostname: "web.test" },
    ...{ http_status: "200", error: "" },
  });
  expect(await told("http_route_backend_requests_total", "counts")).toEqual([
    {
      name: "outbound_http_route_backend_requests_total",
      labels: { ...labels, ...backendOf("counts") },
      value: 4,
    },
  ]);
  expect(await endings("http_route_backend_response_statuses_total", "counts")).toEqual([
    ...["200  2", "404  1", "503  1"],
  ]);
});

test("MET23, MET25, MET28, MET30: times and frames have one observation for each request and chunk", async () => {
  const timed = service("times");
  await (await bed.call(timed, "/", { method: "POST", body: "x".repeat(300) })).text();
  const count = async (family: string) =>
    (await told(`${family}_count`, "times")).map(({ value }) => value);
  expect(await count("http_route_request_duration_seconds")).toEqual([1]);
  expect(await count("http_route_backend_response_duration_seconds")).toEqual([1]);
  const sum = async (family: string) =>
    (await told(`${family}_sum`, "times")).map(({ value }) => value);
  expect(await sum("http_route_request_frame_size_bytes")).toEqual([300]);
  expect(await sum("http_route_backend_response_frame_size_bytes")).toEqual([2000]);
});

test("MET24, MET26, MET27, MET29: a request that is tried again is one of its route and two of its backend", async () => {
  const retry = {
    maxRetries: 1,
    maxRequestBytes: 1,
    conditions: { statusRanges: [{ start: 500, end: 599 }] },
  };
  const retried = service("retries", { retry });
  statuses.push(503);
  await (await bed.call(retried)).text();
  expect(await endings("http_route_request_statuses_total", "retries")).toEqual(["200  1"]);
  expect(await endings("http_route_backend_response_statuses_total", "retries")).toEqual([
    ...["503  1", "200  1"],
  ]);
  expect((await told("http_route_backend_requests_total", "retries"))[0]?.value).toBe(2);
  const [again] = await told("http_route_retry_requests_total", "retries");
  expect([again?.labels["hostname"], again?.value]).toEqual(["web.test", 1]);
});

const ms = (millis: number) => ({ seconds: 0n, nanos: millis * 1_000_000 });

test("MET24: what failed says how", async () => {
  const slow = service("slow", { timeouts: { request: ms(50) } });
  expect((await bed.call(slow, "/hangs")).status).toBe(504);
  expect(await endings("http_route_request_statuses_total", "slow")).toEqual([
    " REQUEST_TIMEOUT 1",
  ]);
  const broken = service("broken");
  const response = await bed.call(broken, "/breaks");
  expect(await response.text().catch(() => "broken off")).toBe("broken off");
  expect(await endings("http_route_request_statuses_total", "broken")).toEqual(["200 UNKNOWN 1"]);
  const gone = await bed.app(() => undefined);
  const away = service("away", {}, gone.replace("127.0.0.1", "127.0.0.2"));
  expect((await bed.call(away)).status).toBe(504);
  expect(await endings("http_route_request_statuses_total", "away")).toEqual([" FAIL_FAST 1"]);
  expect((await told("http_route_backend_requests_total", "away"))[0]?.value).toBe(1);
});

test("MET22: a filter's answer is its route's, and nothing of a backend", async () => {
  const redirect = {
    kind: { case: "redirect", value: { host: "elsewhere", status: 307 } },
  } as const;
  const moved = service("moved", { filters: [redirect] });
  expect((await bed.call(moved)).status).toBe(307);
  expect(await endings("http_route_request_statuses_total", "moved")).toEqual(["307  1"]);
  expect(await told("http_route_backend_response_statuses_total", "moved")).toEqual([]);
});

test("MET22: where a ServiceProfile holds, routes of policy count nothing", async () => {
  const profiled = bed.service(http1Policy({}), app);
  bed.profile(profiled, {
    fullyQualifiedName: "profiled.test.svc.cluster.local",
    routes: [
      {
        condition: { match: { case: "method", value: { type: { case: "registered", value: 0 } } } },
        metricsLabels: { route: "all" },
      },
    ],
  });
  await (await bed.call(profiled)).text();
  expect(await told("http_route_request_statuses_total", "test")).toEqual([]);
});

test("MET22, MET24, MET29: calls are counted by the names of their codes", async () => {
  const { port } = calls.address() as AddressInfo;
  const called = bed.service(
    (backend) =>
      policyOf(
        {
          case: "grpc",
          value: {
            routes: [
              {
                metadata: resource("GRPCRoute", "calls"),
                rules: [{ backends: first({ backend }) }],
              },
            ],
          },
        },
        resource("Service", "calls", { port: 8080 }),
      ),
    `127.0.0.1:${port}`,
  );
  bed.proxy.target = called;
  const session = connect(`http://127.0.0.1:${bed.proxy.proxy.outboundPort}`);
  const call = (path: string): Promise<void> =>
    new Promise((resolve) => {
      const stream = session.request({
        ...{ ":method": "POST", ":path": path, ":authority": "calls.test" },
        ...{ "content-type": "application/grpc", te: "trailers" },
      });
      stream.on("error", () => undefined);
      stream.on("close", resolve);
      stream.resume();
      stream.end("question");
    });
  await call("/a.B/Answers");
  await call("/a.B/Resets");
  session.close();
  expect(await endings("grpc_route_request_statuses_total", "calls")).toEqual([
    ...["RESOURCE_EXHAUSTED  1", "UNKNOWN RESET 1"],
  ]);
  expect(await endings("grpc_route_backend_response_statuses_total", "calls")).toEqual([
    ...["RESOURCE_EXHAUSTED  1", "UNKNOWN RESET 1"],
  ]);
  const [one] = await told("grpc_route_request_statuses_total", "calls");
  expect(one?.labels["hostname"]).toBe("calls.test");
});

/** A connection of raw bytes to a Service: what it is answered, or nothing where it is closed. */
async function raw(to: { ip: string; port: number }, bytes: string): Promise<string> {
  bed.proxy.target = to;
  return new Promise((resolve) => {
    let answer = "";
    const socket = connectTcp(bed.proxy.proxy.outboundPort, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      answer += chunk.toString();
      socket.end();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}

test("MET36, MET38: connections of bytes are counted by route and address, and closed by why", async () => {
  const echo = createTcp((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await until(
    () => echo.listening,
    () => "the application does not listen",
  );
  const opaque = (name: string, over: object) =>
    bed.service(
      (backend) => {
        const rules = [{ backends: first({ backend }), ...over }];
        const metadata = resource("TCPRoute", name);
        return policyOf(
          { case: "opaque", value: { routes: [{ metadata, rules }] } },
          resource("Service", name, { port: 8080 }),
        );
      },
      `127.0.0.1:${(echo.address() as AddressInfo).port}`,
    );
  const [open, shut] = [
    opaque("bytes", {}),
    opaque("shut", { filters: [{ kind: { case: "forbidden", value: {} } }] }),
  ];
  expect([await raw(open, "ping"), await raw(shut, "ping")]).toEqual(["ping", ""]);
  echo.close();
  const closed = async (name: string) =>
    (await told("tcp_route_close_total", name)).map(
      ({ labels, value }) => `${labels["error"]} ${value}`,
    );
  await until(
    async () => (await closed("bytes"))[0] === " 1",
    () => "the connection is not told to be closed",
  );
  expect((await closed("shut")).slice(0, 2)).toEqual([" 0", "forbidden 1"]);
  expect(await told("tcp_route_open_total", "bytes")).toEqual([
    {
      name: "outbound_tcp_route_open_total",
      labels: {
        ...{ ...PARENT, parent_name: "bytes" },
        ...{ ...routeOf("bytes"), route_kind: "TCPRoute", target_ip: open.ip, target_port: "80" },
      },
      value: 1,
    },
  ]);
  const [connections] = await told("tcp_protocol_connections_total", "shut");
  expect([connections?.labels["protocol"], connections?.value]).toEqual(["opaq", 1]);
});

test("MET37, MET38: connections of TLS are counted by route, and by name where that was asked for", async () => {
  const shut = bed.service(
    (backend) =>
      policyOf(
        {
          case: "tls",
          value: {
            routes: [
              {
                metadata: resource("TLSRoute", "names"),
                rules: [
                  {
                    backends: first({ backend }),
                    filters: [{ kind: { case: "forbidden", value: {} } }],
                  },
                ],
              },
            ],
          },
        },
        resource("Service", "names", { port: 8080 }),
      ),
    app,
  );
  bed.proxy.target = shut;
  await new Promise<void>((resolve) => {
    const port = bed.proxy.proxy.outboundPort;
    const socket = connectTls({ host: "127.0.0.1", port, servername: "Shop.test" });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
  });
  const [opened] = await told("tls_route_open_total", "names");
  expect([opened?.labels["hostname"], opened?.value]).toEqual(["shop.test", 1]);
  const closed = await told("tls_route_close_total", "names");
  expect(closed.find(({ labels }) => labels["error"] === "forbidden")?.value).toBe(1);
  const [connections] = await told("tcp_protocol_connections_total", "names");
  expect([connections?.labels["protocol"], connections?.value]).toEqual(["tls", 1]);
});

test("MET38, MET39: connections whose protocol is to be seen are counted as what was seen", async () => {
  const parent = "detected";
  const detected = bed.service((backend) => {
    const rules = [{ backends: first({ backend }) }];
    const routes = [{ metadata: resource("HTTPRoute", "any"), rules }];
    const value = {
      timeout: { seconds: 5n, nanos: 0 },
      http1: { routes },
      http2: { routes },
      opaque: { routes: [] },
    };
    return policyOf({ case: "detect", value }, resource("Service", parent, { port: 8080 }));
  }, app);
  await (await bed.call(detected)).text();
  const results = await told("tcp_detect_http_results_total", parent);
  expect(results.map(({ labels, value }) => `${labels["result"]} ${value}`)).toEqual([
    ...["not_http 0", "http/1 1", "http/2 0", "read_timeout 0", "error 0"],
  ]);
  expect((await told("tcp_detect_http_duration_seconds_count", parent))[0]?.value).toBe(1);
  const [connections] = await told("tcp_protocol_connections_total", parent);
  expect([connections?.labels["protocol"], connections?.value]).toEqual(["detect", 1]);
});

test("MET31, MET32, MET33, MET34, MET35: balancers are told of by parent and backend, their requests as many as there were", async () => {
  const balanced = service("balanced");
  const before = asked;
  for (let i = 0; i < 3; i++) await (await bed.call(balanced)).text();
  expect(asked - before).toBe(3);
  const of = async (family: string) =>
    (await told(`http_balancer_${family}`, "balanced")).map(({ labels, value }) => {
      const { endpoint_state: state, op } = labels;
      return [state ?? op, value].filter((each) => each !== undefined).join(" ");
    });
  expect(await of("endpoints")).toEqual(["ready 1", "pending 0"]);
  expect(await of("p2c_endpoints")).toEqual(["1"]);
  const updates = async () =>
    (await told("http_balancer_p2c_updates_total", "balanced")).map(({ value }) => value);
  const [reset = 0, added = 0, removed] = await updates();
  // The endpoint may have come before the first request.
  expect([reset + added, removed]).toEqual([1, 0]);
  expect([await of("queue_requests_total"), await of("queue_length")]).toEqual([["3"], ["0"]]);
  expect(await of("queue_latency_seconds_count")).toEqual(["3"]);
  expect([await of("queue_gate_open_total"), await of("queue_gate_shut_total")]).toEqual([
    ["1"],
    ["0"],
  ]);
  const [sample] = await told("http_balancer_p2c_endpoints", "balanced");
  expect(sample?.labels).toEqual({
    ...{ ...PARENT, parent_name: "balanced" },
    ...backendOf("balanced"),
  });
  bed.mesh.control.announce(balanced.path, [{ addr: app }, { addr: "127.0.0.9:9" }]);
  await until(
    async () => (await of("p2c_endpoints"))[0] === "2",
    () => "the endpoint does not come",
  );
  expect((await updates())[1]).toBeGreaterThan(added);
});

test("MET32, MET34, MET35, E8: where nobody is there, requests wait, then the gate is shut, until somebody comes", async () => {
  const empty = service("empty", {}, "127.0.0.9:9");
  bed.mesh.control.announce(empty.path, []);
  const value = async (family: string) =>
    (await told(`http_balancer_${family}`, "empty"))[0]?.value;
  const waiting = bed.call(empty);
  await until(
    async () => (await value("queue_length")) === 1,
    () => "the request does not wait",
  );
  expect((await waiting).status).toBe(504);
  expect([await value("queue_length"), await value("queue_gate_shut_total")]).toEqual([0, 1]);
  expect(await value("queue_gate_shut_time_seconds")).toBeGreaterThan(1_600_000_000);
  expect(await value("queue_latency_seconds_sum")).toBeGreaterThan(0.05);
  expect(await endings("http_route_request_statuses_total", "empty")).toEqual([" FAIL_FAST 1"]);
  bed.mesh.control.announce(empty.path, [{ addr: app }]);
  await until(
    async () => (await value("queue_gate_open_total")) === 2,
    () => "the gate does not open",
  );
  expect((await bed.call(empty)).status).toBe(200);
  expect(await value("queue_requests_total")).toBe(2);
});
