import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  connect as connectHttp2,
  createServer as createHttp2,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, connect } from "node:net";
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
/** What the application was asked, with the bodies. */
const seen: string[] = [];
/** What it answers to the next requests, then 200. */
const statuses: number[] = [];
let calls: Http2Server;
/** How calls are answered: the codes of the next ones, then 0. */
const codes: number[] = [];

beforeAll(async () => {
  await bed.start();
  app = await bed.app((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    const { url = "" } = request;
    if (url === "/held" && release === undefined) {
      release = (status) => response.writeHead(status).end();
      return;
    }
    if (url === "/early") {
      response.writeHead(statuses.shift() ?? 200).end("early");
      seen.push(url);
      return;
    }
    request.on("end", () => {
      seen.push(body.length > 100 ? `${url} ${body.length}` : `${url} ${body}`);
      const status = statuses.shift() ?? 200;
      if (status > 0) response.writeHead(status).end(`answer ${status}`);
    });
  });
  calls = createHttp2().on("stream", (stream: ServerHttp2Stream) => {
    seen.push("call");
    const code = String(codes.shift() ?? 0);
    stream.respond(
      { ":status": 200, "content-type": "application/grpc" },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": code }));
    stream.on("error", () => undefined);
    stream.end(code === "0" ? "message" : undefined);
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

/** Answers the next `/held` request. */
let release: ((status: number) => void) | undefined;

const ms = (millis: number) => ({ seconds: 0n, nanos: millis * 1_000_000 });
const backoff = { minBackoff: ms(1), maxBackoff: ms(2) };
const retry = (over: object = {}) => ({
  maxRetries: 2,
  maxRequestBytes: 65_536,
  conditions: { statusRanges: [{ start: 500, end: 599 }] },
  backoff,
  ...over,
});
const retried = (over: object = {}, rule: object = {}) =>
  bed.service(http1Policy({ retry: retry(over), ...rule }), app);
const counted = (what: string, kind = "http"): Promise<number> =>
  bed.mesh.metric(bed.proxy, `outbound_${kind}_route_retry_${what}_total`);

/** Shows in answers that a policy holds. */
const MARK = {
  kind: {
    case: "responseHeaderModifier" as const,
    value: { set: { headers: [{ name: "x-policy", value: new TextEncoder().encode("newer") }] } },
  },
};

/** Asks for a path while the application answers so, and gives the answer and what it was asked. */
async function ask(
  service: { ip: string; port: number },
  answers: readonly number[],
  init: RequestInit & { readonly path?: string } = {},
): Promise<{ readonly status: number; readonly text: string; readonly asked: string[] }> {
  statuses.splice(0, statuses.length, ...answers);
  seen.splice(0);
  const response = await bed.call(service, init.path ?? "/", init);
  return { status: response.status, text: await response.text(), asked: [...seen] };
}

test("P33, MET26: what fails is tried again with its body, up to the limit, and counted", async () => {
  const service = retried();
  const [requests, successes] = [await counted("requests"), await counted("successes")];
  const third = await ask(service, [500, 503], { method: "POST", body: "body" });
  expect(third).toEqual({ status: 200, text: "answer 200", asked: ["/ body", "/ body", "/ body"] });
  expect([await counted("requests"), await counted("successes")]).toEqual([
    requests + 2,
    successes + 1,
  ]);
  const exceeded = await counted("limit_exceeded");
  expect((await ask(service, [500, 501, 502, 503])).text).toBe("answer 502");
  expect(await counted("limit_exceeded")).toBe(exceeded + 1);
});

test("MET1, MET2: each try is a request and a response, those that are tried again as failures", async () => {
  const total = (family: string, labels = ""): Promise<number> =>
    bed.mesh.metric(bed.proxy, `${family}_total`, labels);
  const figures = async (): Promise<number[]> => [
    await total("request"),
    await total("response"),
    await total("response", 'status_code="502",classification="failure"'),
    await total("response", 'classification="success"'),
  ];
  const before = await figures();
  await ask(retried(), [502, 502]);
  await ask(retried({ timeout: ms(50) }), [0, 200]);
  const after = await figures();
  expect(after.map((count, at) => count - (before[at] ?? 0))).toEqual([5, 5, 2, 2]);
});

test("P33: what is not among the conditions, or has too long a body, goes out once", async () => {
  expect((await ask(retried(), [404])).asked).toHaveLength(1);
  const body = "x".repeat(65_537);
  const long = await ask(retried(), [500], { method: "POST", body });
  expect([long.status, long.asked]).toEqual([500, ["/ 65537"]]);
  const short = retried({ maxRequestBytes: 3 });
  expect((await ask(short, [500], { method: "POST", body: "four" })).status).toBe(500);
  expect((await ask(short, [500], { method: "POST", body: "one" })).status).toBe(200);
  const none = retried({ maxRequestBytes: 0 });
  expect((await ask(none, [500], { method: "POST", body: "a" })).status).toBe(500);
  expect((await ask(none, [500])).status).toBe(200);
});

test("P33: an answer that comes before the request is whole is passed on", async () => {
  bed.proxy.target = retried();
  statuses.splice(0, statuses.length, 503);
  seen.splice(0);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(bed.proxy.proxy.outboundPort, "127.0.0.1", () =>
      socket.write("POST /early HTTP/1.1\r\nhost: web.test\r\ncontent-length: 9\r\n\r\npart"),
    );
    socket.on("error", reject).on("data", (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
  });
  expect([answer.slice(0, 12), seen]).toEqual(["HTTP/1.1 503", ["/early"]]);
});

test("P33: an attempt whose head takes longer than the retry's time is given up for the next, the last is waited for", async () => {
  const service = retried({ timeout: ms(100) });
  const second = await ask(service, [0, 200]);
  expect([second.status, second.asked.length]).toEqual([200, 2]);
  const both = bed.service(
    http1Policy({
      retry: retry({ timeout: ms(50), maxRetries: 1 }),
      timeouts: { request: ms(400) },
    }),
    app,
  );
  const late = await ask(both, [0, 0]);
  expect([late.status, late.asked.length]).toEqual([504, 2]);
});

test("P19, HDR8: requests ask to be tried again by headers, where policy lets them", async () => {
  const headers = { "l5d-retry-http": "5xx", "l5d-retry-limit": "3" };
  const open = bed.service(http1Policy({ allowL5dRequestHeaders: true }), app);
  expect((await ask(open, [500, 501, 502], { headers })).status).toBe(200);
  expect((await ask(open, [500])).status).toBe(500);
  const statusOnly = { "l5d-retry-http": "503" };
  expect((await ask(open, [503, 503], { headers: statusOnly })).asked).toHaveLength(2);
  const shut = bed.service(http1Policy({}), app);
  expect((await ask(shut, [500], { headers })).status).toBe(500);
  const more = retried({ maxRetries: 1 }, { allowL5dRequestHeaders: true });
  expect((await ask(more, [500, 500, 500], { headers: { "l5d-retry-limit": "3" } })).status).toBe(
    200,
  );
});

test("E9, P34, MET26: when everything fails, retries keep to the budget of their Service", async () => {
  const service = bed.service(
    (backend) =>
      policyOf(
        {
          case: "http1",
          value: {
            routes: [
              {
                metadata: METADATA,
                rules: [{ backends: first({ backend }), retry: retry({ backoff: undefined }) }],
              },
            ],
          },
        },
        {
          kind: {
            case: "resource",
            value: { group: "core", kind: "Service", namespace: "ns", name: "failing" },
          },
        },
      ),
    app,
  );
  const overflow = await counted("overflow");
  const startMs = performance.now();
  seen.splice(0);
  statuses.splice(0, statuses.length, ...new Array<number>(1000).fill(500));
  for (let request = 0; request < 200; request++) {
    const response = await bed.call(service);
    expect(response.status).toBe(500);
    await response.text();
  }
  const seconds = (performance.now() - startMs) / 1000;
  expect(seen.length).toBeLessThanOrEqual(200 * 1.2 + 10 * (seconds + 1) + 1);
  expect(seen.length).toBeGreaterThan(200);
  expect(await counted("overflow")).toBeGreaterThan(overflow);
});

/** Makes a call over HTTP/2 and gives the code that came. */
function call(service: { ip: string; port: number }): Promise<string> {
  bed.proxy.target = service;
  const session = connectHttp2(`http://127.0.0.1:${bed.proxy.proxy.outboundPort}`);
  const headers = { ":method": "POST", ":path": "/S/M", "content-type": "application/grpc" };
  const stream = session.request({ ...headers, ":authority": "web.test" });
  let code = "";
  const read = (all: IncomingHttpHeaders): void => {
    code = String(all["grpc-status"] ?? code);
  };
  stream.on("response", read).on("trailers", read).resume();
  stream.end("request");
  return new Promise((resolve, reject) => {
    stream.on("error", reject).on("close", () => {
      session.close();
      resolve(code);
    });
  });
}

test("P15, P33, MET26: a call is tried again by its code, also where that comes after the head", async () => {
  const rule = (backend: object) => ({
    backends: first({ backend }),
    retry: { maxRetries: 2, maxRequestBytes: 100, conditions: { unavailable: true }, backoff },
  });
  const service = bed.service(
    (backend) =>
      policyOf({
        case: "grpc",
        value: { routes: [{ metadata: METADATA, rules: [rule(backend)] }] },
      }),
    `127.0.0.1:${(calls.address() as AddressInfo).port}`,
  );
  const before = await counted("requests", "grpc");
  seen.splice(0);
  codes.splice(0, codes.length, 14, 14);
  expect([await call(service), seen.length]).toEqual(["0", 3]);
  expect(await counted("requests", "grpc")).toBe(before + 2);
  seen.splice(0);
  codes.splice(0, codes.length, 5);
  expect([await call(service), seen.length]).toEqual(["5", 1]);
  codes.splice(0, codes.length, 14, 14, 14);
  expect(await call(service)).toBe("14");
});

test("P33: a request that is tried again after its policy has changed finds the endpoints that it had", async () => {
  const service = retried();
  statuses.splice(0);
  const held = bed.call(service, "/held");
  await until(
    () => release !== undefined,
    () => "the application was not asked",
  );
  const newer = (backend: FakeBackend): PolicyMessage => {
    const queue = { capacity: 7, failfastTimeout: ms(500) };
    return http1Policy({ filters: [MARK] })({ ...backend, queue } as FakeBackend);
  };
  bed.mesh.control.announceService(`${service.ip}:${service.port}`, {
    ...{ path: service.path, opaque: false, policy: newer },
  });
  await until(
    async () => (await bed.call(service)).headers.get("x-policy") === "newer",
    () => "the policy does not hold",
  );
  release?.(500);
  expect((await held).status).toBe(200);
});
