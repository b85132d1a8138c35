import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import { fromBinary } from "@bufbuild/protobuf";
import {
  ExportTraceServiceRequestSchema,
  type Resource,
  type Span,
} from "#lib/api/gen/opentelemetry/trace_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { createGrpcHandler } from "#lib/grpc/server.ts";
import { serveHttp2 } from "#lib/http-io/http2-server.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import { FakeMesh, type FakePod, until } from "../fake/mesh.ts";
import { startPair } from "../fake/meshed-pair.ts";
import { PassingClock } from "../fake/passing-clock.ts";

const identity = (name: string): string =>
  `${name}.test.serviceaccount.identity.linkerd.cluster.local`;
const [SERVER, CLIENT] = [identity("server"), identity("client")];
const [TRACE, SPAN] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
const P = "LINKERD2_PROXY_";

const clock = new PassingClock();
const mesh = new FakeMesh(clock);
const spans: Span[] = [];
const resources: Resource[] = [];
let collector: Listener;
let client: FakePod;
let app: Server;
/** What the application was sent. */
let got: Record<string, unknown> = {};

beforeAll(async () => {
  const handler = createGrpcHandler(
    new Map([
      [
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        (call) => {
          const { resourceSpans } = fromBinary(ExportTraceServiceRequestSchema, call.request);
          for (const { resource, scopeSpans } of resourceSpans) {
            if (resource !== undefined) resources.push(resource);
            spans.push(...scopeSpans.flatMap((scope) => scope.spans));
          }
          call.send(frameMessage(new Uint8Array(0)));
          call.end(0, "");
        },
      ],
    ]),
  );
  const onFault = (error: Error): void => {
    throw error;
  };
  collector = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) => serveHttp2(stream, handler, { now: () => performance.now() }),
    onFault,
  );
  app = createServer((request, response) => {
    got = request.headers;
    if (request.url === "/busy" && !request.headers["x-again"]) response.writeHead(503);
    response.end();
  }).listen(0, "127.0.0.1");
  const over = {
    [`${P}TRACE_COLLECTOR_SVC_ADDR`]: `127.0.0.1:${collector.port}`,
    [`${P}TRACE_SERVICE_NAME`]: "linkerd-proxy",
    [`${P}TRACE_EXTRA_ATTRIBUTES`]: 'zone="here"',
  };
  ({ client } = await startPair(mesh, app, { server: SERVER, client: CLIENT, over }));
});

afterAll(async () => {
  await mesh.stop();
  collector.stop();
  app.close();
});

const call = (headers: Record<string, string>): Promise<Response> =>
  fetch(`http://127.0.0.1:${client.proxy.outboundPort}/a?b=c`, {
    keepalive: false,
    headers: { host: "web.test", ...headers },
  });
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");
const attributesOf = (of: Pick<Span | Resource, "attributes"> | undefined): object =>
  Object.fromEntries((of?.attributes ?? []).map(({ key, value }) => [key, value?.value.value]));

/** The spans of a call, the first ones first. */
async function traced(headers: Record<string, string>, count: number): Promise<Span[]> {
  spans.length = 0;
  await (await call(headers)).text();
  await clock.pass(10_000);
  await until(
    () => spans.length >= count,
    () => `only ${spans.length} spans came`,
  );
  const children = (id: string): Span[] => spans.filter((span) => hex(span.parentSpanId) === id);
  const chain: Span[] = [];
  for (let [next] = children(SPAN); next !== undefined; [next] = children(hex(next.spanId)))
    chain.push(next);
  return chain;
}

test.each([
  [
    "W3C's",
    { traceparent: `00-${TRACE}-${SPAN}-01` },
    () => String(got["traceparent"]).split("-")[2],
  ],
  [
    "B3's",
    { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "1" },
    () => got["x-b3-spanid"],
  ],
])("P52: both proxies continue a trace of %s, each in and out", async (_, headers, last) => {
  const chain = await traced(headers as Record<string, string>, 4);
  expect(chain.map(({ kind, name }) => [kind, name]) as unknown[]).toEqual([
    [2, "/a"],
    [3, "/a"],
    [2, "/a"],
    [3, "/a"],
  ]);
  expect(chain.every((span) => hex(span.traceId) === TRACE)).toBe(true);
  expect(last()).toBe(hex(chain.at(-1)?.spanId));
  expect(attributesOf(chain[0])).toMatchObject({
    direction: "outbound",
    "http.request.method": "GET",
    "url.full": "http://web.test/a?b=c",
    "server.address": "web.test",
    "http.response.status_code": "200",
  });
  expect(attributesOf(chain[2])).toMatchObject({ direction: "inbound" });
  expect(attributesOf(resources[0])).toMatchObject({
    ...{ "service.name": "linkerd-proxy", zone: "here" },
  });
});

test("P52, MET43: spans, messages and streams are counted", async () => {
  const metric = (name: string): Promise<number> =>
    mesh.metric(client, `opentelemetry_span_${name}`);
  const before = [await metric("exports"), await metric("export_requests")];
  await traced({ traceparent: `00-${TRACE}-${SPAN}-01` }, 4);
  expect([await metric("exports"), await metric("export_requests")]).toEqual([
    (before[0] ?? 0) + 2,
    (before[1] ?? 0) + 1,
  ]);
  expect(await metric("export_streams")).toBeGreaterThan(0);
  const ready = 'endpoint_state="ready"';
  expect(await mesh.metric(client, "opentelemetry_balancer_endpoints", ready)).toBe(1);
  expect(await mesh.metric(client, "opentelemetry_balancer_queue_requests_total")).toBeGreaterThan(
    0,
  );
});

test("P52: a trace that is not sampled goes on unseen, and no request begins one", async () => {
  spans.length = 0;
  await (await call({ traceparent: `00-${TRACE}-${SPAN}-00` })).text();
  expect(got["traceparent"]).toMatch(new RegExp(`^00-${TRACE}-[\\da-f]{16}-00$`));
  expect(got["traceparent"]).not.toContain(SPAN);
  await (await call({})).text();
  expect(got).not.toHaveProperty("traceparent");
  await clock.pass(10_000);
  expect(spans).toEqual([]);
});

test("K20: malformed and huge headers of traces do not reach the application", async () => {
  const { status } = await call({
    traceparent: "00-zz-zz-01",
    tracestate: "a=b",
    baggage: `a=${"b".repeat(9000)}`,
    "x-b3-traceid": "z".repeat(32),
  });
  expect(status).toBe(200);
  for (const name of ["traceparent", "tracestate", "baggage", "x-b3-traceid"])
    expect(got).not.toHaveProperty(name);
});

test("P52: without a collector headers are not looked at", async () => {
  const plain = await mesh.start(identity("plain"));
  plain.target = client.target;
  const traceparent = "00-zz-zz-01";
  await fetch(`http://127.0.0.1:${plain.proxy.outboundPort}/`, {
    keepalive: false,
    headers: { host: "web.test", "x-b3-spanid": SPAN, traceparent },
  });
  expect(got["x-b3-spanid"]).toBe(SPAN);
});
