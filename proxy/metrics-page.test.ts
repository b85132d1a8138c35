import { expect, test } from "bun:test";
import { Registry } from "#lib/metrics/registry.ts";
import { processUsage } from "#lib/sys/process-usage.ts";
import { FakeClock } from "../test/fake/clock.ts";
import { metricsPage } from "./metrics-page.ts";
import { ProcessMetrics } from "./telemetry/process-metrics.ts";

test("ADMIN1: the page has the process's figures of now, no idle series, and ends as OpenMetrics does", () => {
  const registry = new Registry();
  const clock = new FakeClock();
  const process = new ProcessMetrics(registry, { version: "1.2.3", workers: 1 });
  const page = metricsPage(registry, {
    process,
    around: { clock, usage: processUsage },
    retainIdleMs: 1000,
  });
  registry.counter("tcp_open_total", "O.").with().increment();
  expect(page()).toContain("\ntcp_open_total 1\n");
  clock.advance(2000);
  const text = page();
  expect(text).toContain("process_uptime_seconds_total 2\n");
  expect(text).not.toContain("tcp_open_total");
  expect(text).toEndWith("\n# EOF\n");
});

test("ADMIN1: Linkerd's older families come before the newer ones", () => {
  const registry = new Registry();
  const names = [
    ...[
      "outbound_http_route_request_statuses_total",
      "tcp_open_total",
      "inbound_http_requests_total",
    ],
    ...["request_total", "control_response_total", "control_dns_resolutions_total"],
    ...["route_actual_request_total", "route_retryable_total", "inbound_http_authz_allow_total"],
    ...[
      "inbound_http_local_ratelimit_total",
      "outbound_tcp_errors_total",
      "outbound_tcp_route_open_total",
    ],
  ];
  for (const name of names) registry.counter(name, "H.").with().increment();
  const process = { update: () => undefined } as unknown as ProcessMetrics;
  const around = { clock: new FakeClock(), usage: () => ({}) } as never;
  const text = metricsPage(registry, { process, around, retainIdleMs: 1 })();
  const newer = [
    ...["outbound_http_route_request_statuses_total", "inbound_http_requests_total"],
    ...["control_dns_resolutions_total", "outbound_tcp_route_open_total"],
  ];
  expect([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)).toEqual([
    ...names.filter((name) => !newer.includes(name)),
    ...newer,
  ]);
});
