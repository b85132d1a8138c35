import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { decode } from "#lib/api/wire/decode.ts";
import { ExportTraceServiceRequest } from "#lib/api/wire/gen/traceV1.ts";
import { HeaderList } from "#lib/http/headers.ts";
import { NOBODY } from "#lib/http-io/exchange.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { request } from "../../test/fake/driver-rig.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { traceMetrics } from "../telemetry/trace-metrics.ts";
import { BATCH_MS } from "./exporter.ts";
import { startTracing } from "./start.ts";

/** What is sent of one span, by a proxy whose labels are in a file. */
function resourceBy(attributesPath: string | undefined) {
  const clock = new FakeClock();
  const log = new RecordedLog();
  const sent: Uint8Array[] = [];
  const tracing = startTracing({
    ...{ clock, random: () => 0.5, log: log.logger, metrics: traceMetrics(new Registry()) },
    ...{ pid: 7, hostname: "web-1", serviceName: "proxy", attributesPath, attributes: ["b=2"] },
    call: (_, bytes) => {
      sent.push(bytes);
      return Promise.resolve(new Uint8Array());
    },
  });
  const head = request("/");
  head.headers.set("traceparent", `00-${"a".repeat(32)}-${"b".repeat(16)}-01`);
  const nothing = (): void => undefined;
  tracing.inbound
    .serve({
      ...{ request: head, requestEnded: true, handler: NOBODY },
      ...{ pauseRequest: nothing, resumeRequest: nothing, sendInformational: nothing },
      ...{ sendHead: nothing, sendBytes: () => true, sendEnd: nothing, resetResponse: nothing },
    })
    .sendHead({ status: 200, version: "HTTP/2", headers: new HeaderList() }, true);
  clock.advance(BATCH_MS);
  tracing.stop();
  const [told] = decode(ExportTraceServiceRequest, sent[0] ?? new Uint8Array()).resourceSpans;
  const attributes = told?.resource?.attributes ?? [];
  return {
    log,
    told: Object.fromEntries(attributes.map(({ key, value }) => [key, value?.value.value])),
  };
}

test("TRACE_ATTRIBUTES_PATH: labels are read from their file, without which spans go all the same", () => {
  const dir = mkdtempSync(`${tmpdir()}/labels-`);
  writeFileSync(`${dir}/labels`, 'a="1"\nb="1"\n');
  expect(resourceBy(`${dir}/labels`).told).toMatchObject({
    ...{ a: "1", b: "2", "host.name": "web-1", "service.name": "proxy", "process.pid": 7n },
  });
  rmSync(dir, { recursive: true });
  const { log, told } = resourceBy(`${dir}/labels`);
  expect(told).not.toHaveProperty("a");
  expect(log.lines.join()).toContain("Cannot read trace attributes");
  expect(resourceBy(undefined).told).toMatchObject({ b: "2" });
});
