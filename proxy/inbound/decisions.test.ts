import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { inboundBed, ok, PLAIN, policy, WEB } from "../../test/fake/inbound-bed.ts";
import type { Filter } from "../policy/filter.ts";
import { type InboundRoute, prepareInbound } from "../policy/inbound-routes.ts";
import type { ServerPolicy } from "../policy/server-policy.ts";

test("ERR3: a caller that no authorization allows gets 403, or the gRPC status", () => {
  const { ask, metrics } = inboundBed("all-authenticated", PLAIN);
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
  const { ask, metrics } = inboundBed("all-authenticated", PLAIN);
  ask();
  expect(metrics()).not.toContain("request_total{direction");
  expect(metrics()).not.toContain("response_total{direction");
});

test("P46: a policy that changes holds from the next request on", () => {
  const { ask, port, waiters } = inboundBed("all-unauthenticated", PLAIN);
  ask();
  expect(waiters).toHaveLength(1);
  port.set(policy("deny"));
  expect(ask().sent).toEqual(["403  end"]);
});

test("P46, J3: a tunnel is a connection, and ends when a new policy does not let its client in", () => {
  const { ask, connect, port, lines } = inboundBed("all-unauthenticated", WEB);
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
  const said = expect.stringMatching(
    /Connection terminated due to policy change.*10\.0\.0\.9.*web\.ns/,
  );
  expect(lines).toEqual([said, said]);
});

test("P46, J3: a tunnel that opens when its client is not let in any more is ended", async () => {
  const { ask, connect, port } = inboundBed("all-unauthenticated", WEB);
  const { sent } = ask({ headers: HeaderList.of(["upgrade", "websocket"]) }, false);
  const { upstream, handler } = connect();
  port.set(policy("deny"));
  handler.onResponseHead({ ...ok(), status: 101 }, false);
  await Promise.resolve();
  expect([sent.at(-1), upstream.at(-1), port.followers.size]).toEqual(["reset 8", "reset 8", 0]);
});

test("P46, P12: a tunnel whose rule has rewritten what it matches stays open", async () => {
  const rule = {
    filters: [
      { type: "request-headers", modifier: { add: [], set: [], remove: ["x-env"] } } as const,
    ],
    fault: undefined,
    matches: [
      {
        ...({ type: "http", method: undefined, queryParams: [] } as const),
        headers: [{ name: "x-env", value: { type: "exact", text: "blue" } as const }],
        path: { type: "prefix", value: "/" } as const,
      },
    ],
  };
  const routes = prepareInbound([{ ...ROUTE, authorizations: everyone, rules: [rule] }], everyone);
  const { ask, connect } = inboundBed({ ...policy("all-unauthenticated"), routes }, WEB);
  const headers = HeaderList.of(["upgrade", "websocket"], ["x-env", "blue"]);
  const { sent } = ask({ headers }, false);
  connect().handler.onResponseHead({ ...ok(), status: 101 }, false);
  await Promise.resolve();
  expect(sent.at(-1)).toBe("101 ");
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
  const { ask, metrics } = inboundBed(
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
  const { ask, waiters, metrics } = inboundBed(
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
  const { ask } = inboundBed(routed(routes, { authorizations: [] }), PLAIN);
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
  const { ask, waiters } = inboundBed(
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
    labels: { ...SERVER, kind: "HTTPLocalRateLimitPolicy", name: "l" },
    overrides: [],
  };
  const { ask, clock, metrics, port, direction } = inboundBed(
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
    /inbound_http_local_ratelimit_total\{.*srv_port="80",ratelimit_group="policy.linkerd.io",ratelimit_kind="HTTPLocalRateLimitPolicy",ratelimit_name="l",ratelimit_scope="identity"\} 1/,
  );
  expect(text).toMatch(/ratelimit_scope="total"\} 7/);
});

test("a request that is denied is said in the log, with who called and what", () => {
  const { ask, lines } = inboundBed("deny", WEB);
  ask({ method: "DELETE" });
  expect(lines).toEqual([
    expect.stringMatching(/Request denied.*10\.0\.0\.9.*web\.ns.*deny.*80.*DELETE/),
  ]);
});

test("INB8: what is allowed by audit alone is said in the log", () => {
  const { ask, lines } = inboundBed("audit", PLAIN);
  ask();
  expect(lines).toEqual([expect.stringContaining("Request allowed by audit")]);
  expect(inboundBed("all-unauthenticated", PLAIN).lines).toEqual([]);
});
