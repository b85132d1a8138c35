import { expect, test } from "bun:test";
import { decode } from "#lib/api/wire/decode.ts";
import { ExportTraceServiceRequest } from "#lib/api/wire/gen/traceV1.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { traceMetrics } from "../telemetry/trace-metrics.ts";
import { BATCH_LIMIT_CHARS, BATCH_MS, SPANS_LIMIT, SpanExporter } from "./exporter.ts";
import type { Span } from "./span.ts";

const SPAN: Span = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  parentId: "53995c3f42cd8ad8",
  ...{ name: "/a", kind: "client", startMs: 1000, endMs: 1250.5 },
  attributes: [["http.request.method", "GET"]],
};

/** An exporter, and a collector that answers when the test says so. */
function setup() {
  const clock = new FakeClock();
  const metrics = traceMetrics(new Registry());
  const log = new RecordedLog();
  const asked: { readonly path: string; readonly request: Uint8Array }[] = [];
  const answers: PromiseWithResolvers<Uint8Array>[] = [];
  const exporter = new SpanExporter({
    ...{ clock, metrics, log: log.logger, resource: { "host.name": "web", "process.pid": 7 } },
    call: (path, request) => {
      asked.push({ path, request });
      const answer = Promise.withResolvers<Uint8Array>();
      answers.push(answer);
      return answer.promise;
    },
  });
  const counts = () => [metrics.spans.value, metrics.requests.value, metrics.streams.value];
  return { clock, exporter, asked, answers, counts };
}

/** Until what was settled has been heard of. */
const heard = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

test("P52: spans are gathered for ten seconds, and sent with what sends them", () => {
  const { clock, exporter, asked, counts } = setup();
  exporter.add(SPAN);
  exporter.add({ ...SPAN, kind: "server" });
  clock.advance(BATCH_MS - 1);
  expect(asked).toHaveLength(0);
  clock.advance(1);
  const [{ path, request } = { path: "", request: new Uint8Array() }] = asked;
  expect(path).toBe("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  const [sent] = decode(ExportTraceServiceRequest, request).resourceSpans;
  expect(sent?.resource?.attributes).toMatchObject([
    { key: "host.name", value: { value: { case: "stringValue", value: "web" } } },
    { key: "process.pid", value: { value: { case: "intValue", value: 7n } } },
  ]);
  const [client, server] = sent?.scopeSpans[0]?.spans ?? [];
  expect([client?.kind, server?.kind] as unknown[]).toEqual([3, 2]);
  expect(client).toMatchObject({
    ...{ name: "/a", startTimeUnixNano: 1_000_000_000n, endTimeUnixNano: 1_250_500_000n },
    traceId: Uint8Array.fromHex(SPAN.traceId),
    spanId: Uint8Array.fromHex(SPAN.spanId),
    parentSpanId: Uint8Array.fromHex(SPAN.parentId),
    attributes: [{ key: "http.request.method", value: { value: { value: "GET" } } }],
  });
  expect(counts()).toEqual([2, 1, 1]);
});

test("P52: a thousand are sent at once, and of what comes while the collector is slow no more wait", async () => {
  const { clock, exporter, asked, answers, counts } = setup();
  for (let i = 0; i < 3 * SPANS_LIMIT; i++) exporter.add(SPAN);
  expect([asked.length, counts()[0]]).toEqual([1, SPANS_LIMIT]);
  answers[0]?.resolve(new Uint8Array());
  await heard();
  expect([asked.length, counts()[0]]).toEqual([2, 2 * SPANS_LIMIT]);
  answers[1]?.resolve(new Uint8Array());
  await heard();
  clock.advance(BATCH_MS);
  expect(asked).toHaveLength(2);
});

test("K20: however long what requests say is, a message is no larger than collectors take, nor is what waits", async () => {
  const { exporter, asked, answers, counts } = setup();
  const long: Span = { ...SPAN, attributes: [["url.full", "x".repeat(60_000)]] };
  for (let i = 0; i < SPANS_LIMIT; i++) exporter.add(long);
  answers[0]?.resolve(new Uint8Array());
  await heard();
  expect(asked).toHaveLength(2);
  for (const { request } of asked)
    expect(request.length).toBeLessThan(BATCH_LIMIT_CHARS + 2 * 60_000);
  expect(counts()[0]).toBeGreaterThanOrEqual((2 * BATCH_LIMIT_CHARS) / 61_000);
});

test("P52: what a collector does not take is lost, and the next goes to it all the same", async () => {
  const { clock, exporter, asked, answers, counts } = setup();
  exporter.add(SPAN);
  clock.advance(BATCH_MS);
  exporter.add(SPAN);
  answers[0]?.reject(new Error("away"));
  await heard();
  clock.advance(BATCH_MS);
  expect([asked.length, counts()]).toEqual([2, [2, 2, 2]]);
  exporter.stop();
  expect(clock.nextMs).toBeUndefined();
});
