import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AddressInfo, connect, createServer as createTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { FakeBackend } from "../fake/control-plane.ts";
import { until } from "../fake/mesh.ts";
import {
  first,
  http1Policy,
  METADATA,
  OutboundBed,
  type PolicyMessage,
  policyOf,
} from "../fake/outbound-bed.ts";

const bed = new OutboundBed();
let app: string;

beforeAll(async () => {
  await bed.start();
  app = await bed.app(({ url, headers }, response) => {
    response.setHeader("x-answer", "app");
    response.end(JSON.stringify({ url, headers }));
  });
});
afterAll(() => bed.stop());

const failure = (status: number, message: string) => ({
  kind: { case: "failureInjector" as const, value: { status, message } },
});
const set = (on: "request" | "response", name: string, value: string) => ({
  kind: {
    case: `${on}HeaderModifier` as const,
    value: { set: { headers: [{ name, value: Buffer.from(value) }] } },
  },
});
const prefix = (value: string) => ({ path: { kind: { case: "prefix" as const, value } } });

test("P24: requests go by host, header and query, by the best match of several routes", async () => {
  const named = (name: string) => [failure(418, name)];
  const policy = (backend: FakeBackend): PolicyMessage => {
    const backends = first({ backend });
    const value = { case: "exact" as const, value: "web.test" };
    return policyOf({
      case: "http1",
      value: {
        routes: [
          {
            metadata: METADATA,
            rules: [{ backends, filters: named("any"), matches: [prefix("/")] }],
          },
          {
            metadata: METADATA,
            hosts: [{ match: value }],
            rules: [
              {
                ...{ backends, filters: named("query") },
                matches: [{ queryParams: [{ name: "q", value: { case: "exact", value: "1" } }] }],
              },
              {
                ...{ backends, filters: named("header") },
                matches: [
                  {
                    headers: [{ name: "X-A", value: { case: "exact", value: Buffer.from("1") } }],
                  },
                ],
              },
            ],
          },
        ],
      },
    });
  };
  const service = bed.service(policy, app);
  const by = async (path: string, headers: Record<string, string> = {}) =>
    (await bed.call(service, path, { headers })).headers.get("l5d-proxy-error");
  expect(await by("/?q=1")).toBe("query");
  expect(await by("/?q=1", { "x-a": "1" })).toBe("header");
  expect(await by("/?q=2")).toBe("any");
  expect(await by("/?q=1", { host: "other.test" })).toBe("any");
});

test("P21: filters of a route and of its backend change requests and answers", async () => {
  const service = bed.service(
    (backend) =>
      http1Policy({
        filters: [set("request", "x-rule", "1"), set("response", "x-answer", "rule")],
        backends: first({
          backend,
          filters: [set("request", "x-backend", "1"), set("response", "x-backend", "1")],
        }),
      })(backend),
    app,
  );
  const response = await bed.call(service, "/a");
  const { headers } = (await response.json()) as { headers: Record<string, string> };
  expect([headers["x-rule"], headers["x-backend"], headers["host"]]).toEqual([
    "1",
    "1",
    "web.test",
  ]);
  expect([response.headers.get("x-answer"), response.headers.get("x-backend")]).toEqual([
    "rule",
    "1",
  ]);
});

test("P21, ERR13, ERR14, ERR17: redirects and failures answer in place of the application", async () => {
  const redirect = (value: object) => ({ kind: { case: "redirect" as const, value } });
  const replace = { replace: { case: "prefix" as const, value: "/new" } };
  const service = bed.service(
    http1Policy(
      { matches: [prefix("/fail")], filters: [failure(403, "traffic not allowed")] },
      {
        matches: [prefix("/old")],
        filters: [redirect({ host: "api", path: replace, status: 308 })],
      },
      {
        matches: [{ path: { kind: { case: "exact", value: "/exact" } } }],
        filters: [redirect({ path: replace })],
      },
    ),
    app,
  );
  const failed = await bed.call(service, "/fail/x");
  expect([failed.status, failed.headers.get("l5d-proxy-error")]).toEqual([
    403,
    "traffic not allowed",
  ]);
  expect(failed.headers.get("connection")).not.toBe("close");
  const moved = await bed.call(service, "/old/a?b");
  expect([moved.status, moved.headers.get("location")]).toEqual([308, "http://api/new/a?b"]);
  const invalid = await bed.call(service, "/exact");
  expect([invalid.status, invalid.headers.get("connection")]).toEqual([500, "close"]);
  expect((await bed.call(service, "/other")).status).toBe(404);
});

/** Whether a connection of raw bytes to a Service is answered, or closed without a byte. */
async function raw(service: { ip: string; port: number }, bytes: string): Promise<string> {
  bed.proxy.target = service;
  return new Promise((resolve) => {
    const socket = connect(bed.proxy.proxy.outboundPort, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve("closed"));
  });
}

const refused = (error: string): Promise<number> =>
  bed.mesh.metric(bed.proxy, "outbound_tcp_errors_total", `error="${error}"`);

test("ERR18: under an invalid policy requests fail with 500, and everything else is closed", async () => {
  const service = bed.service(http1Policy({ filters: [{}] }), app);
  const response = await bed.call(service);
  expect([
    response.status,
    response.headers.get("l5d-proxy-error"),
    response.headers.get("connection"),
  ]).toEqual([500, "unexpected error", "close"]);
  const before = await refused("invalid_policy");
  expect(await raw(service, "\0\0\0\0 no HTTP\r\n\r\n")).toBe("closed");
  expect(await refused("invalid_policy")).toBe(before + 1);
});

const echo = createTcp((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
const seen: Socket[] = [];
echo.on("connection", (socket) => seen.push(socket.on("error", () => undefined)));
afterAll(() => {
  for (const socket of seen) socket.destroy();
  echo.close();
});
const echoAddr = (): string => `127.0.0.1:${(echo.address() as AddressInfo).port}`;

test("MET36: opaque bytes that a detecting policy forbids are closed, requests of it are answered", async () => {
  const policy = (backend: FakeBackend): PolicyMessage => {
    const routes = [{ metadata: METADATA, rules: [{ backends: first({ backend }) }] }];
    const forbidden = { kind: { case: "forbidden" as const, value: {} } };
    const rules = [{ backends: first({ backend }), filters: [forbidden] }];
    const timeout = { seconds: 5n };
    const opaque = { routes: [{ metadata: METADATA, rules }] };
    const value = { timeout, http1: { routes }, http2: { routes }, opaque };
    return policyOf({ case: "detect", value });
  };
  const service = bed.service(policy, app);
  const before = await refused("forbidden");
  expect(await raw(service, "\0\0\0\0 no HTTP\r\n\r\n")).toBe("closed");
  expect(await refused("forbidden")).toBe(before + 1);
  expect((await bed.call(service)).status).toBe(200);
});

test("P50: TLS goes by the name that it asks for; what no route names, and what is no TLS, is closed", async () => {
  const policy = (backend: FakeBackend): PolicyMessage => {
    const snis = [{ match: { case: "suffix" as const, value: { reverseLabels: ["com", "a"] } } }];
    const forbidden = { kind: { case: "forbidden" as const, value: {} } };
    const exact = [{ match: { case: "exact" as const, value: "no.a.com" } }];
    const backends = first({ backend });
    const routes = [
      { metadata: METADATA, snis, rules: [{ backends }] },
      { metadata: METADATA, snis: exact, rules: [{ backends, filters: [forbidden] }] },
    ];
    return policyOf({ case: "tls", value: { routes } });
  };
  const service = bed.service(policy, echoAddr());
  const reaches = async (servername: string): Promise<boolean> => {
    bed.proxy.target = service;
    const before = seen.length;
    const socket = connectTls({
      port: bed.proxy.proxy.outboundPort,
      host: "127.0.0.1",
      servername,
    });
    let closed = false;
    socket
      .on("error", () => undefined)
      .on("close", () => {
        closed = true;
      });
    // The application sends a ClientHello back, which no client takes.
    await until(
      () => closed,
      () => "TLS is neither answered nor closed",
    );
    return seen.length > before;
  };
  expect(await reaches("web.a.com")).toBe(true);
  expect(await reaches("web.b.com")).toBe(false);
  expect(await reaches("no.a.com")).toBe(false);
  expect(await raw(service, "GET / HTTP/1.1\r\nhost: web.a.com\r\n\r\n")).toBe("closed");
});

test("P26, ERR11, ERR20: weights of 0 answer 500, a backend of no kind 502", async () => {
  const weighted = bed.service(
    (backend) =>
      http1Policy({
        backends: {
          kind: {
            case: "randomAvailable",
            value: { backends: [{ backend: { backend }, weight: 0 }] },
          },
        },
      })(backend),
    app,
  );
  expect((await bed.call(weighted)).status).toBe(500);
  const none = bed.service(
    ({ queue }) => http1Policy({ backends: first({ backend: { metadata: METADATA, queue } }) })({}),
    app,
  );
  expect((await bed.call(none)).status).toBe(502);
});

test("P26: where the first backend fails, the next one is taken", async () => {
  const spare = bed.service(http1Policy({}), app);
  const service = bed.service((backend) => {
    const other = {
      ...backend,
      kind: {
        case: "balancer" as const,
        value: {
          ...(backend.kind?.case === "balancer" ? backend.kind.value : {}),
          discovery: { kind: { case: "dst" as const, value: { path: spare.path } } },
        },
      },
    };
    return http1Policy({ backends: first({ backend }, { backend: other }) })(backend);
  });
  expect((await bed.call(service)).status).toBe(504);
  expect((await bed.call(service)).status).toBe(200);
});
