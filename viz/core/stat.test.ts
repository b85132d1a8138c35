import { expect, test } from "bun:test";
import { parseExposition, type Sample } from "#lib/metrics/parse.ts";

import type { ScrapePair } from "./growth.ts";
import { authoritiesIn, statOf } from "./stat.ts";

const scrape = (lines: string): readonly Sample[] => parseExposition(lines);
const pair = (first: string, second: string, seconds = 2): ScrapePair => ({
  first: scrape(first),
  second: scrape(second),
  seconds,
});
const inbound = (total: number, more = ""): string =>
  `response_total{direction="inbound",tls="true",classification="success"${more}} ${total}\n`;

test("rates and shares are those of the time between the scrapes", () => {
  const failed = 'response_total{direction="inbound",tls="no_identity",classification="failure"}';
  const stat = statOf([
    pair(`${inbound(100)}${failed} 7\n`, `${inbound(130)}${failed} 17\n`),
    pair("", inbound(10)),
  ]);
  expect(stat.rps).toBe(25);
  expect(stat.success).toBe(0.8);
  expect(stat.secured).toBe(0.8);
});

test("what the proxy itself is asked does not count", () => {
  const own = inbound(50, ',target_port="4191"');
  expect(statOf([pair("", own + inbound(2, ',target_port="8080"'))]).rps).toBe(1);
});

test("what was sent outbound does not count", () => {
  const line = inbound(50).replace("inbound", "outbound");
  expect(statOf([pair("", line)])).toEqual({
    rps: 0,
    success: undefined,
    latencyMs: { p50: undefined, p95: undefined, p99: undefined },
    secured: undefined,
    tcpConnections: 0,
    readRate: 0,
    writeRate: 0,
  });
});

test("a counter that started again counts from nothing", () => {
  expect(statOf([pair(inbound(100), inbound(4))]).rps).toBe(2);
});

test("a proxy that started again counts from nothing, whatever it counted since", () => {
  const started = (at: number): string => `process_start_time_seconds ${at}\n`;
  expect(statOf([pair(started(1) + inbound(10), started(2) + inbound(30))]).rps).toBe(15);
  expect(statOf([pair(started(1) + inbound(10), started(1) + inbound(30))]).rps).toBe(10);
});

test("the proxy's clock beats the caller's; without time there is no rate", () => {
  const clock = (at: number): string => `process_clock_time_seconds ${at}\n`;
  expect(statOf([pair(clock(10) + inbound(0), clock(14) + inbound(8))]).rps).toBe(2);
  expect(statOf([pair(inbound(0), inbound(8), 0)]).rps).toBe(0);
});

test("labels in another order are the same series", () => {
  const a = 'response_total{direction="inbound",classification="success"} 5\n';
  const b = 'response_total{classification="success",direction="inbound"} 9\n';
  expect(statOf([pair(a, b)]).rps).toBe(2);
});

test("quantiles are interpolated over all proxies and statuses", () => {
  const bucket = (le: string, count: number, status = "200"): string =>
    `response_latency_ms_bucket{direction="inbound",status_code="${status}",le="${le}"} ${count}\n`;
  const one = bucket("1", 50) + bucket("2", 90) + bucket("10", 99) + bucket("+Inf", 100);
  const { latencyMs } = statOf([pair("", one)]);
  expect(latencyMs).toEqual({ p50: 1, p95: 2 + (8 * 5) / 9, p99: 10 });
  const other =
    bucket("1", 0, "500") +
    bucket("2", 0, "500") +
    bucket("10", 0, "500") +
    bucket("+Inf", 100, "500");
  expect(statOf([pair("", one), pair("", other)]).latencyMs).toEqual({ p50: 10, p95: 10, p99: 10 });
  expect(statOf([pair(one, one)]).latencyMs.p99).toBeUndefined();
});

test("connections are those of clients, and tell of mTLS where no response does", () => {
  const tcp = (peer: string, open: number): string =>
    `tcp_open_total{direction="inbound",peer="${peer}",tls="true"} ${open}\n` +
    `tcp_open_connections{direction="inbound",peer="${peer}",tls="true"} ${open}\n` +
    `tcp_read_bytes_total{direction="inbound",peer="${peer}"} ${open * 10}\n` +
    `tcp_write_bytes_total{direction="inbound",peer="${peer}"} ${open * 20}\n`;
  const stat = statOf([pair("", tcp("src", 3) + tcp("dst", 9))]);
  expect(stat).toMatchObject({ secured: 1, tcpConnections: 3, readRate: 15, writeRate: 30 });
});

test("what was sent to something is told by what discovery said of it", () => {
  const to = (labels: string): string =>
    `response_total{direction="outbound",classification="success",${labels}} 4\n`;
  const lines =
    to('dst_namespace="a",dst_deployment="web"') +
    to('dst_namespace="a",dst_deployment="api"') +
    to('dst_namespace="b",dst_deployment="web"') +
    to('dst_namespace="a",dst_k8s_job="nightly"') +
    inbound(100, ',dst_namespace="a",dst_deployment="web"');
  const rps = (kind: string, name: string | undefined): number =>
    statOf([pair("", lines)], {
      to: { kind, names: name === undefined ? undefined : [name], namespace: "a" },
    }).rps;
  expect(rps("deployment", "web")).toBe(2);
  expect(rps("deployment", undefined)).toBe(4);
  expect(rps("job", "nightly")).toBe(2);
  expect(rps("service", undefined)).toBe(0);
});

test("a namespace and an authority are what was sent to, too; authorities are those that were named", () => {
  const to = (labels: string): string =>
    `response_total{direction="outbound",classification="success",${labels}} 4\n`;
  const lines =
    to('authority="web.a:80",dst_namespace="a"') +
    to('authority="web.a:80",dst_namespace="a",dst_pod="1"') +
    to('authority="example.com:80"') +
    inbound(2, ',authority="web"');
  const pairs = [pair("", lines)];
  const sent = (kind: string, name: string): number =>
    statOf(pairs, { to: { kind, names: [name], namespace: undefined } }).rps;
  expect(sent("namespace", "a")).toBe(4);
  expect(sent("authority", "example.com:80")).toBe(2);
  expect(authoritiesIn(pairs, {})).toEqual(["web"]);
  expect(authoritiesIn(pairs, { to: "anything" })).toEqual(["example.com:80", "web.a:80"]);
  expect(statOf(pairs, { to: "anything", authority: "web.a:80" }).rps).toBe(4);
  expect(statOf(pairs, { authority: "web" }).rps).toBe(1);
});
