import { expect, test } from "bun:test";
import type { Counter } from "./counter.ts";
import { formatLabels, Registry, SERIES_LIMIT } from "./registry.ts";

test("Family.with() gives the same handle for the same labels", () => {
  const family = new Registry().counter("request_total", "Requests.");
  family.with({ direction: "inbound" }).increment();
  expect(family.with({ direction: "inbound" }).value).toBe(1);
  expect(family.with({ direction: "outbound" }).value).toBe(0);
});

test("Registry gives the same family for a name, and refuses another type", () => {
  const registry = new Registry();
  expect(registry.gauge("a", "A.")).toBe(registry.gauge("a", "A."));
  expect(() => registry.counter("a", "A.")).toThrow("it is a gauge already");
});

test("Family folds what exceeds SERIES_LIMIT", () => {
  const family = new Registry().counter("a", "A.");
  for (let i = 0; i < SERIES_LIMIT + 2; i++) family.with({ i: String(i) }).increment();
  expect([...family.series()]).toHaveLength(SERIES_LIMIT + 1);
  expect(family.folded).toBe(2);
  expect(family.withText('overflow="true"').value).toBe(2);
});

test("Family.clear() forgets what held before", () => {
  const family = new Registry().gauge("info", "Info.");
  family.with({ version: "1" }).set(1);
  family.clear();
  family.with({ version: "2" }).set(1);
  expect([...family.series()].map(({ labels }) => labels)).toEqual(['version="2"']);
});

test("formatLabels() escapes and leaves out what is undefined", () => {
  expect(formatLabels({ a: 'x"\\\n', b: undefined, c: "" })).toBe('a="x\\"\\\\\\n",c=""');
});

/** Lets go of what nobody holds; what was made in this turn of the event loop is held until the next. */
async function collect(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
  Bun.gc(true);
}

test("P51: what rests and is held goes on where it was; what nobody holds is forgotten", async () => {
  const family = new Registry().counter("a", "A.");
  const held: Counter = family.with({ i: "held" });
  held.add(5);
  for (let i = 0; i < 1000; i++) family.with({ i: String(i) }).increment();
  family.look(0, 100);
  family.look(101, 100);
  expect([...family.series()]).toEqual([]);
  expect(family.with({ i: "held" })).toBe(held);
  await collect();
  held.increment();
  family.look(102, 100);
  expect([...family.series()].map(({ labels, instrument }) => [labels, instrument.value])).toEqual([
    ['i="held"', 6],
  ]);
  const again = Array.from({ length: 1000 }, (_, i) => family.with({ i: String(i) }).value);
  // The collector is conservative: a few may be held by what lies on the stack.
  expect(again.filter((value) => value === 0).length).toBeGreaterThan(900);
});

test("label sets that nobody counts any more make room for others", async () => {
  const family = new Registry().counter("a", "A.");
  for (let i = 0; i < SERIES_LIMIT; i++) family.with({ i: String(i) });
  expect(family.with({ late: "1" })).toBe(family.withText('overflow="true"'));
  family.look(0, 100);
  family.look(101, 100);
  await collect();
  family.with({ late: "2" }).increment();
  family.look(102, 100);
  expect([...family.series()].map(({ labels }) => labels)).toEqual(['late="2"']);
});

test("the series of what is folded goes on where it was once it has rested", () => {
  const family = new Registry().counter("a", "A.");
  const held = Array.from({ length: SERIES_LIMIT }, (_, i) => family.with({ i: String(i) }));
  const early = family.with({ late: "1" });
  early.add(5);
  family.look(0, 100);
  family.look(101, 100);
  const late = family.with({ late: "2" });
  expect(late).toBe(early);
  late.add(7);
  family.look(102, 100);
  early.increment();
  family.look(103, 100);
  expect([...family.series()].map(({ labels, instrument }) => [labels, instrument.value])).toEqual([
    ['overflow="true"', 13],
  ]);
  expect(held).toHaveLength(SERIES_LIMIT);
});

test("a family that is full does not look for room with each label set that it has none for", () => {
  const family = new Registry().counter("a", "A.");
  const held = Array.from({ length: SERIES_LIMIT }, (_, i) => family.with({ i: String(i) }));
  family.look(0, 100);
  family.look(101, 100);
  const overflow = family.withText('overflow="true"');
  const timed = performance.now();
  for (let i = 0; i < 5000; i++) family.with({ late: String(i) });
  // Each look is through 10,000 that rest: so many of them would take seconds.
  expect(performance.now() - timed).toBeLessThan(1000);
  expect([family.folded, overflow.value, held.length]).toEqual([5001, 0, SERIES_LIMIT]);
});

test("gauges are told of while somebody holds them, and those of another value than 0 always", async () => {
  const family = new Registry().gauge("open", "Open.");
  family.with({ who: "build" }).set(1);
  const held = family.with({ who: "held" });
  for (let i = 0; i < 1000; i++) family.with({ who: String(i) }).set(0);
  family.look(0, 100);
  family.look(101, 100);
  await collect();
  family.look(102, 100);
  const told = [...family.series()].map(({ labels }) => labels);
  expect(told).toContain('who="build"');
  expect(told).toContain('who="held"');
  expect(told.length).toBeLessThan(100);
  expect(held.value).toBe(0);
});
