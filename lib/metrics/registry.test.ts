import { expect, test } from "bun:test";
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
  expect([...family.series]).toHaveLength(SERIES_LIMIT + 1);
  expect(family.folded).toBe(2);
  expect(family.withText('overflow="true"').value).toBe(2);
});

test("Family.clear() forgets what held before", () => {
  const family = new Registry().gauge("info", "Info.");
  family.with({ version: "1" }).set(1);
  family.clear();
  family.with({ version: "2" }).set(1);
  expect([...family.series].map(({ labels }) => labels)).toEqual(['version="2"']);
});

test("formatLabels() escapes and leaves out what is undefined", () => {
  expect(formatLabels({ a: 'x"\\\n', b: undefined, c: "" })).toBe('a="x\\"\\\\\\n",c=""');
});
