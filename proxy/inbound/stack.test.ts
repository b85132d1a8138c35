import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import type {
  ConnectionWaiter,
  RequestHandler,
  ResponseHandler,
  ServerStream,
} from "#lib/http-io/exchange.ts";
import { createLogger, LogFilter } from "#lib/log/logger.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import { Forwarded } from "../http/forwarded.ts";
import { InFlight } from "../http/in-flight.ts";
import type { ClientTls } from "../policy/authorization.ts";
import { type DefaultPolicyName, defaultServerPolicy } from "../policy/default-policy.ts";
import type { Filter } from "../policy/filter.ts";
import { type InboundRoute, prepareInbound } from "../policy/inbound-routes.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";
import type { AccessEntry } from "../telemetry/access-log.ts";
import { ErrorMetrics } from "../telemetry/error-metrics.ts";
import { HttpMetrics } from "../telemetry/http-metrics.ts";
import { inboundFamilies } from "../telemetry/inbound-families.ts";
import { TcpMetrics } from "../telemetry/tcp-metrics.ts";
import { Relays } from "../transport/relay.ts";
import { InboundCounts } from "./counts.ts";
import { PortPolicy } from "./ports.ts";
import { InboundDirection } from "./stack.ts";

const policy = (name: DefaultPolicyName) =>
  defaultServerPolicy(name, { clusterNetworks: [], opaque: false, detectTimeoutMs: 1 });

function setup(of: DefaultPolicyName | ServerPolicy, tls: ClientTls, most = 100) {
  const lines: string[] = [];
  const registry = new Registry();
  const clock = new FakeClock();
  const filter = new LogFilter();
  filter.set("info");
  const log = createLogger({
    filter,
    format: "plain",
    wall: () => 0,
    write: (line) => lines.push(line),
  });
  const runtime = {
    clock,
    random: () => 0,
    log,
    credentials: { current: undefined },
    http: new HttpMetrics(registry),
    tcp: new TcpMetrics(registry),
    errors: new ErrorMetrics(registry),
    redirection: { bySockets: false },
    relays: new Relays(),
    onFault: () => undefined,
  };
  const inFlight = new InFlight(most);
  const accessed: AccessEntry[] = [];
  const waiters: ConnectionWaiter[] = [];
  const pool = {
    acquire: (waiter: ConnectionWaiter) => void waiters.push(waiter),
    ...{ cancel: () => undefined, drain: () => undefined },
  };
  const port = new PortPolicy(80, typeof of === "string" ? policy(of) : of);
  const caller = { ip: "10.0.0.9", tls };
  const target = { ip: "10.0.0.1", port: 80 };
  const direction = new InboundDirection(runtime, {
    caller,
    callerPort: 12_345,
    access: (entry) => void accessed.push(entry),
    inFlight,
    target,
    port,
    pools: { http1: pool, http2: pool },
    counts: new InboundCounts(inboundFamilies(registry), false),
  });
  const ask = (over: Partial<RequestHead> = {}, requestEnded = true) => {
    const sent: string[] = [];
    const request: RequestHead = {
      method: "GET",
      scheme: "",
      authority: "web",
      path: "/",
      version: "HTTP/1.1",
      protocol: "",
      headers: new HeaderList(),
      ...over,
    };
    const stream: ServerStream = {
      request,
      requestEnded,
      handler: undefined as unknown as RequestHandler,
      pauseRequest: () => sent.push("pause"),
      resumeRequest: () => sent.push("resume"),
      sendInformational: (head) => sent.push(`info ${head.status}`),
      sendHead: (head, end) =>
        sent.push(
          `${head.status} ${head.headers.get("grpc-status") ?? ""}${head.headers.get("l5d-proxy-error") ?? ""}${end ? " end" : ""}`,
        ),
      sendBytes: (chunk) => sent.push(`data ${chunk.length}`) < 0,
      sendEnd: () => sent.push("end"),
      resetResponse: (code) => sent.push(`reset ${code}`),
    };
    const forwarded = new Forwarded(stream, direction, undefined);
    forwarded.begin();
    return { sent, request, stream, forwarded };
  };
  /** Gives the waiting request a connection, and records what is sent on it. */
  const connect = () => {
    const upstream: string[] = [];
    let handler: ResponseHandler | undefined;
    waiters.shift()?.onConnection({
      version: "HTTP/1.1",
      available: true,
      activeStreams: 0,
      send: (head, end, receiver) => {
        upstream.push(
          `${head.method} ${head.headers.get("l5d-client-id") ?? "-"}${end ? " end" : ""}`,
        );
        handler = receiver;
        return {
          sendBytes: (chunk) => upstream.push(`data ${chunk.length}`) < 0,
          sendEnd: () => upstream.push("end"),
          resetRequest: (code) => upstream.push(`reset ${code}`),
          pauseResponse: () => upstream.push("pause"),
          resumeResponse: () => upstream.push("resume"),
        };
      },
      drain: () => undefined,
      destroy: () => undefined,
    });
    return { upstream, handler: handler as unknown as ResponseHandler };
  };
  const metrics = (): string => writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  return { ask, connect, waiters, port, direction, clock, lines, accessed, inFlight, metrics };
}

const PLAIN: ClientTls = { type: "none", reason: "no_tls_from_remote" };
const WEB: ClientTls = { type: "identity", name: "web.ns" };
const ok = () => ({ status: 200, version: "HTTP/1.1" as const, headers: new HeaderList() });

test("ERR3: a caller that no authorization allows gets 403, or the gRPC status", () => {
  const { ask, metrics } = setup("all-authenticated", PLAIN);
  expect(ask().sent).toEqual(["403  end"]);
  const grpc = ask({
    version: "HTTP/2",
    headers: HeaderList.of(["content-type", "application/grpc"]),
  });
  expect(grpc.sent).toEqual(["200 7 end"]);
  expect(metrics()).toContain('route_name="default"} 2');
  expect(metrics()).toContain('inbound_http_authz_deny_total{target_addr="10.0.0.1:80"');
});

test("MET1: what is refused is no request of the application's", () => {
  const { ask, metrics } = setup("all-authenticated", PLAIN);
  ask();
  expect(metrics()).not.toContain("request_total{direction");
  expect(metrics()).not.toContain("response_total{direction");
});

test("P46: a policy that changes holds from the next request on", () => {
  const { ask, port, waiters } = setup("all-unauthenticated", PLAIN);
  ask();
  expect(waiters).toHaveLength(1);
  port.set(policy("deny"));
  expect(ask().sent).toEqual(["403  end"]);
});

test("P46, J3: a tunnel is a connection, and ends when a new policy does not let its client in", () => {
  const { ask, connect, port } = setup("all-unauthenticated", WEB);
  const open = (over: Partial<RequestHead>, status: number) => {
    const { sent } = ask(over, false);
    const { upstream, handler } = connect();
    handler.onResponseHead({ ...ok(), status }, false);
    return { sent, upstream, handler };
  };
  const upgraded = open({ headers: HeaderList.of(["upgrade", "websocket"]) }, 101);
  const connected = open({ method: "CONNECT", path: "" }, 200);
  const gone = open({ method: "CONNECT", path: "" }, 200);
  gone.handler.onResponseReset({ reason: "connection", code: 0, unprocessed: false });
  const answer = open({}, 200);
  port.set(policy("all-authenticated"));
  expect([upgraded, connected].map(({ sent }) => sent.at(-1))).toEqual(["101 ", "200 "]);
  const before = gone.sent.length;
  port.set(policy("deny"));
  for (const { sent, upstream } of [upgraded, connected])
    expect([sent.at(-1), upstream.at(-1)]).toEqual(["reset 8", "reset 8"]);
  expect([gone.sent.length, answer.sent.at(-1), port.followers.size]).toEqual([before, "200 ", 0]);
});

const ROUTE = {
  hosts: [],
  authorizations: [],
  labels: { group: "g", kind: "HTTPRoute", name: "r" },
};
const SERVER = { group: "policy.linkerd.io", kind: "server", name: "web" };
const everyone = policy("all-unauthenticated").authorizations;

/** A policy with these routes and limits. */
function routed(
  routes: readonly InboundRoute[],
  { authorizations = everyone, rateLimit }: Partial<ServerPolicy> = {},
): ServerPolicy {
  return {
    ...{ protocol: { type: "http2" }, labels: SERVER, authorizations, rateLimit },
    routes: prepareInbound(routes, authorizations),
  };
}

const ruleFor = (value: string, over: Partial<InboundRoute["rules"][number]> = {}) => ({
  ...{ filters: [], fault: undefined, ...over },
  matches: [
    {
      ...{ type: "http" as const, method: undefined, headers: [], queryParams: [] },
      path: { type: "prefix" as const, value },
    },
  ],
});

test("ERR1: what no route takes is not found, before anybody asks who calls, and counted", () => {
  const { ask, metrics } = setup(
    routed([{ ...ROUTE, rules: [ruleFor("/a")] }], { authorizations: [] }),
    PLAIN,
  );
  expect(ask({ path: "/b" }).sent).toEqual(["404  end"]);
  expect(ask({ path: "/a" }).sent).toEqual(["403  end"]);
  expect(metrics()).toContain(
    'inbound_http_route_not_found_total{target_addr="10.0.0.1:80",target_ip="10.0.0.1",target_port="80",tls="no_identity",no_tls_reason="no_tls_from_remote",srv_group="policy.linkerd.io",srv_kind="server",srv_name="web",srv_port="80"} 1',
  );
});

test("P46, LBL4, MET9: a route's own authorizations count for it alone, and its labels are told", () => {
  const { ask, waiters, metrics } = setup(
    routed(
      [
        { ...ROUTE, authorizations: everyone, rules: [ruleFor("/open")] },
        { ...ROUTE, labels: { ...ROUTE.labels, name: "shut" }, rules: [ruleFor("/")] },
      ],
      { authorizations: policy("all-authenticated").authorizations },
    ),
    PLAIN,
  );
  ask({ path: "/open/a" });
  expect(waiters).toHaveLength(1);
  expect(ask({ path: "/opened" }).sent).toEqual(["403  end"]);
  const text = metrics();
  expect(text).toMatch(
    /inbound_http_authz_allow_total\{.*route_group="g",route_kind="HTTPRoute",route_name="r",authz_group="",authz_kind="default",authz_name="all-unauthenticated"\} 1/,
  );
  expect(text).toMatch(/inbound_http_authz_deny_total\{.*route_name="shut"\} 1/);
});

test("J5: a WebSocket is opened by whom the rule of GET lets in, whatever it is asked for by", () => {
  const guarded = {
    ...ruleFor("/chat"),
    matches: [{ ...ruleFor("/chat").matches[0], method: "GET" }],
  };
  const routes = [
    { ...ROUTE, labels: { ...ROUTE.labels, name: "chat" }, rules: [guarded as never] },
    { ...ROUTE, authorizations: everyone, rules: [ruleFor("/")] },
  ];
  const { ask } = setup(routed(routes, { authorizations: [] }), PLAIN);
  const asked = (protocol: string): readonly string[] =>
    ask({ method: "CONNECT", protocol, path: "/chat", version: "HTTP/2", scheme: "http" }).sent;
  // To an application of HTTP/1 it goes on as a GET (RFC 8441 §5).
  expect([ask({ path: "/chat" }).sent, asked("websocket"), asked("WebSocket")]).toEqual([
    ...[["403  end"], ["403  end"], ["403  end"]],
  ]);
  expect(asked("connect-udp")).toEqual([]);
});

test("P21, ERR13 to ERR17 of inbound: filters change what is let in, or answer it", () => {
  const filters: readonly Filter[] = [
    {
      type: "request-headers",
      modifier: { add: [], set: [{ name: "x", value: "1" }], remove: ["y"] },
    },
  ];
  const fails: Filter = { type: "http-failure", status: 418, message: "as configured", ratio: 1 };
  const moves: Filter = {
    type: "redirect",
    redirect: {
      ...{ scheme: undefined, host: "other", port: undefined, status: 302 },
      path: { type: "prefix", value: "/new" },
    },
  };
  const { ask, waiters } = setup(
    routed([
      {
        ...ROUTE,
        rules: [
          ruleFor("/change", { filters }),
          ruleFor("/fail", { filters: [fails] }),
          ruleFor("/fault", { fault: "unknown filter" }),
          ruleFor("/move", { filters: [moves] }),
        ],
      },
    ]),
    WEB,
  );
  const { request } = ask({ path: "/change", headers: HeaderList.of(["y", "2"]) });
  expect([request.headers.get("x"), request.headers.has("y"), waiters.length]).toEqual([
    ...["1", false, 1],
  ]);
  expect(ask({ path: "/fail" }).sent).toEqual(["500 as configured end"]);
  expect(ask({ path: "/fault" }).sent).toEqual(["500 unknown filter end"]);
  expect(ask({ path: "/move/a" }).sent).toEqual(["302 redirected end"]);
  expect(waiters).toHaveLength(1);
});

test("P41, ERR4, MET10: requests beyond a limit get 429, after authorization, and are counted by scope", () => {
  const limit = {
    labels: { ...SERVER, kind: "httplocalratelimitpolicy", name: "l" },
    overrides: [],
  };
  const { ask, clock, metrics, port, direction } = setup(
    routed([], { rateLimit: { ...limit, total: 3, identity: 2 } }),
    WEB,
  );
  const answers = (count: number): number =>
    Array.from({ length: count }, () => ask().sent[0]).filter((sent) => sent?.startsWith("429"))
      .length;
  expect(answers(2)).toBe(0);
  expect(answers(3)).toBe(3);
  // A policy whose limits are the same does not give back what was spent.
  port.set(routed([], { rateLimit: { ...limit, total: 3, identity: 2 } }));
  expect(answers(1)).toBe(1);
  clock.advance(1000);
  expect(answers(2)).toBe(0);
  port.set(routed([], {}));
  expect(answers(10)).toBe(0);
  port.set(routed([], { rateLimit: { ...limit, total: 1, identity: 0 } }));
  expect(answers(5)).toBe(4);
  direction.close();
  const text = metrics();
  expect(text).toMatch(
    /inbound_http_local_ratelimit_total\{.*srv_port="80",ratelimit_group="policy.linkerd.io",ratelimit_kind="httplocalratelimitpolicy",ratelimit_name="l",ratelimit_scope="identity"\} 1/,
  );
  expect(text).toMatch(/ratelimit_scope="total"\} 7/);
});

test("a request that is denied is said in the log, with who called and what", () => {
  const { ask, lines } = setup("deny", WEB);
  ask({ method: "DELETE" });
  expect(lines).toEqual([
    expect.stringMatching(/Request denied.*10\.0\.0\.9.*web\.ns.*deny.*80.*DELETE/),
  ]);
});

test("INB8: what is allowed by audit alone is said in the log", () => {
  const { ask, lines } = setup("audit", PLAIN);
  ask();
  expect(lines).toEqual([expect.stringContaining("Request allowed by audit")]);
  expect(setup("all-unauthenticated", PLAIN).lines).toEqual([]);
});

test("P5, ERR6, INBOUND_MAX_IN_FLIGHT: of more requests than may wait for an answer the rest gets 503 at once", () => {
  const { ask, connect, inFlight, metrics } = setup("all-unauthenticated", WEB, 2);
  const first = ask();
  ask();
  expect(ask().sent).toEqual(["503 too many requests are under way end"]);
  expect(metrics()).toContain('error="loadshed"} 1\n');
  // An answer that has begun makes room, and so does a caller who gives up.
  connect().handler.onResponseHead(ok(), false);
  const third = ask();
  expect([inFlight.count, first.sent]).toEqual([2, ["200 "]]);
  third.stream.handler.onRequestReset({ reason: "cancelled", code: 8, unprocessed: false });
  expect([inFlight.count, ask().sent]).toEqual([1, []]);
});

test("P53: every answer is told to the access log, the proxy's own too", () => {
  const { ask, connect, clock, accessed } = setup("all-authenticated", WEB);
  clock.advance(5);
  ask({ path: "/a" });
  clock.advance(2);
  const { handler } = connect();
  clock.advance(10);
  handler.onResponseHead({ ...ok(), headers: HeaderList.of(["content-length", "7"]) }, false);
  expect(accessed).toEqual([
    expect.objectContaining({
      client: "10.0.0.9:12345",
      ...{ clientId: "web.ns", status: 200, responseBytes: "7", totalMs: 12, processingMs: 2 },
    }),
  ]);
  const denied = setup("all-authenticated", PLAIN);
  denied.ask();
  expect(denied.accessed).toEqual([
    expect.objectContaining({ clientId: undefined, status: 403, totalMs: 0, processingMs: 0 }),
  ]);
});

test("HDR1: the application hears the verified identity and none that the client sent", () => {
  for (const [tls, heard] of [
    [WEB, "web.ns"],
    [PLAIN, "-"],
  ] as const) {
    const { ask, connect } = setup("all-unauthenticated", tls);
    ask({ headers: HeaderList.of(["l5d-client-id", "forged"], ["connection", "close"]) });
    expect(connect().upstream).toEqual([`GET ${heard} end`]);
  }
});

test("a body waits for the connection, flows with back-pressure, and the response comes back", () => {
  const { ask, connect, metrics } = setup("all-unauthenticated", WEB);
  const { sent, stream } = ask({ method: "POST" }, false);
  const { upstream, handler } = connect();
  stream.handler.onRequestBytes(...wholeOf(new Uint8Array(5)));
  handler.onRequestWritable();
  stream.handler.onRequestEnd(undefined);
  handler.onResponseInformational({ ...ok(), status: 103 });
  handler.onResponseHead(ok(), false);
  handler.onResponseBytes(...wholeOf(new Uint8Array(7)));
  stream.handler.onResponseWritable();
  handler.onResponseEnd(undefined);
  expect(upstream).toEqual(["POST web.ns", "data 5", "end", "pause", "resume"]);
  expect(sent).toEqual(["pause", "resume", "pause", "resume", "info 103", "200 ", "data 7", "end"]);
  expect(metrics()).toContain('classification="success"');
});

test("ERR9, ERR10: an application that refuses or does not answer gives 502 and 504, after the tries are used up", () => {
  for (const [code, status] of [
    ["refused", 502],
    ["timeout", 504],
  ] as const) {
    const { ask, waiters } = setup("all-unauthenticated", WEB);
    const { sent } = ask();
    while (waiters.length > 0)
      waiters.shift()?.onConnectFailed(Object.assign(new Error("away"), { code }));
    expect(sent).toEqual([`${status} away end`]);
  }
});

const BROKEN = { reason: "connection", code: 2, unprocessed: false } as const;

test("a request that the application did not take is tried again", () => {
  const { ask, connect } = setup("all-unauthenticated", WEB);
  const { sent } = ask();
  connect().handler.onResponseReset({ ...BROKEN, unprocessed: true });
  connect().handler.onResponseHead(ok(), true);
  expect(sent).toEqual(["200  end"]);
});

test("E20: one that it may have seen is sent once more where its method allows, and then fails", () => {
  const { ask, connect } = setup("all-unauthenticated", WEB);
  const { sent } = ask();
  connect().handler.onResponseReset(BROKEN);
  connect().handler.onResponseReset(BROKEN);
  expect(sent).toEqual(["502 connection to endpoint ended end"]);
  const post = ask({ method: "POST" });
  connect().handler.onResponseReset(BROKEN);
  expect(post.sent).toEqual(["502 connection to endpoint ended end"]);
});

test("ERR19: a reset is passed on, both ways", () => {
  const { ask, connect } = setup("all-unauthenticated", WEB);
  const { sent } = ask({ version: "HTTP/2", scheme: "http" });
  connect().handler.onResponseReset({ reason: "cancelled", code: 8, unprocessed: false });
  expect(sent).toEqual(["reset 8"]);
  const late = ask({ version: "HTTP/2", scheme: "http" });
  const { handler } = connect();
  handler.onResponseHead(ok(), false);
  handler.onResponseReset({ reason: "connection", code: 0, unprocessed: false });
  expect(late.sent).toEqual(["200 ", "reset 2"]);
  const left = ask();
  const { upstream } = connect();
  left.stream.handler.onRequestReset({ reason: "cancelled", code: 8, unprocessed: false });
  expect(upstream).toEqual(["GET web.ns end", "reset 8"]);
});

test("WIRE11: a carried request is restored, and its response carries the version back", () => {
  const { ask, connect } = setup("all-unauthenticated", WEB);
  const { request } = ask({
    version: "HTTP/2",
    scheme: "http",
    headers: HeaderList.of(["l5d-orig-proto", "HTTP/1.1"]),
  });
  const head = ok();
  connect().handler.onResponseHead(head, true);
  expect([request.version, head.headers.get("l5d-orig-proto")]).toEqual(["HTTP/1.1", "HTTP/1.1"]);
});
