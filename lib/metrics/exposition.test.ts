import { expect, test } from "bun:test";
import { KEPT_SERIES, writeExposition } from "./exposition.ts";
import { Registry, SERIES_LIMIT } from "./registry.ts";

const at = (nowMs: number) => ({ nowMs, retainIdleMs: 100 });

test("writeExposition() writes counters, gauges and cumulative histograms", () => {
  const registry = new Registry();
  registry.counter("a_total", "A.").with({ x: "1" }).increment();
  registry.gauge("b", "B.").with().set(2.5);
  const latency = registry.histogram("c_ms", { help: "C.", bounds: [1, 2] });
  latency.with().observe(1.5);
  latency.with({ x: "1" }).observe(9);
  registry.counter("unused_total", "Unused.");
  expect(writeExposition(registry, at(0))).toBe(`# HELP a_total A.
# TYPE a_total counter
a_total{x="1"} 1
# HELP b B.
# TYPE b gauge
b 2.5
# HELP c_ms C.
# TYPE c_ms histogram
c_ms_bucket{le="1"} 0
c_ms_bucket{le="2"} 1
c_ms_bucket{le="+Inf"} 1
c_ms_sum 1.5
c_ms_count 1
c_ms_bucket{x="1",le="1"} 0
c_ms_bucket{x="1",le="2"} 0
c_ms_bucket{x="1",le="+Inf"} 1
c_ms_sum{x="1"} 9
c_ms_count{x="1"} 1
`);
});

test("writeExposition() says what a family counts in where it was told", () => {
  const registry = new Registry();
  registry.counter("sent_bytes_total", "S.", "bytes").with().add(3);
  expect(writeExposition(registry, at(0))).toBe(`# HELP sent_bytes_total S.
# TYPE sent_bytes_total counter
# UNIT sent_bytes_total bytes
sent_bytes_total 3
`);
});

test("writeExposition() has set what is only told when somebody looks", () => {
  const registry = new Registry();
  const open = registry.gauge("open", "O.").with();
  let now = 0;
  registry.onLook(() => open.set(++now));
  const told = (): string => writeExposition(registry, at(0)).split("\n")[2] ?? "";
  expect([told(), told()]).toEqual(["open 1", "open 2"]);
});

test("P51, METRICS_RETAIN_IDLE: writeExposition() hides idle series of families that come first until they change", () => {
  const registry = new Registry();
  const counter = registry.counter("a_total", "A.").with();
  const told = (nowMs: number): string =>
    writeExposition(registry, { ...at(nowMs), isFirst: () => true });
  const [early, idle] = [told(0), told(101)];
  counter.increment();
  expect([early !== "", idle, told(102) !== ""]).toEqual([true, "", true]);
});

test("MET41: writeExposition() keeps counters that seldom change, of families that have few, and hides idle ones of others", () => {
  const registry = new Registry();
  const [few, many] = [registry.counter("few_total", "F."), registry.counter("many_total", "M.")];
  const told = (nowMs: number): string => writeExposition(registry, at(nowMs));
  for (let i = 0; i < KEPT_SERIES; i++) many.with({ i: String(i) }).increment();
  for (let day = 1; day <= 3; day++) {
    few.with({ result: "ok" }).increment();
    told(day * 1000);
    Bun.gc(true);
    expect(told(day * 1000 + 101)).toContain(`few_total{result="ok"} ${day}\n`);
  }
  expect(told(9000)).toContain('many_total{i="0"} 1\n');
  many.with({ i: "one more" }).increment();
  expect(told(9100)).not.toContain('many_total{i="0"}');
});

test("MET31: gauges of 0 that nobody holds are forgotten, also where a family has few", () => {
  const registry = new Registry();
  const size = registry.gauge("size", "S.");
  for (const name of ["a", "b"]) size.with({ name }).set(0);
  size.with({ name: "c" }).set(1);
  for (const nowMs of [0, 200]) {
    writeExposition(registry, at(nowMs));
    Bun.gc(true);
  }
  const text = writeExposition(registry, at(400));
  expect([text.includes('size{name="c"} 1'), text.includes('name="a"')]).toEqual([true, false]);
});

test("writeExposition() says which families had no room for how many label sets", () => {
  const registry = new Registry();
  const [full, other] = [registry.counter("full_total", "F."), registry.counter("o_total", "O.")];
  for (let i = 0; i < SERIES_LIMIT + 3; i++) full.with({ i: String(i) });
  other.with();
  const text = writeExposition(registry, at(0));
  expect(text.split("\n").slice(-2)).toEqual([
    'bunkerd_metrics_folded_total{family="full_total"} 3',
    "",
  ]);
  expect(text).toContain("# TYPE bunkerd_metrics_folded_total counter\n");
});
