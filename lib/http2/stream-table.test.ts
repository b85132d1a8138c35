import { expect, test } from "bun:test";
import fc from "fast-check";
import { Http2Stream } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

test("StreamTable finds what was added and not deleted, whatever stays open", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(4000)), { maxLength: 400 }), (steps) => {
      const table = new StreamTable("client");
      const model = new Map<number, Http2Stream>();
      for (const [opens, number] of steps) {
        const id = number * 2 + 1;
        if (opens && !model.has(id)) {
          const stream = new Http2Stream(id, 0);
          table.add(stream);
          model.set(id, stream);
        } else if (!opens) {
          const [oldest] = model.values();
          const stream = model.get(id) ?? oldest ?? new Http2Stream(id, 0);
          table.delete(stream);
          model.delete(stream.id);
        }
      }
      expect(table.size).toBe(model.size);
      expect(new Set(table.all())).toEqual(new Set(model.values()));
      for (let id = 1; id < 8002; id += 2) expect(table.get(id)).toBe(model.get(id));
    }),
    { numRuns: 200 },
  );
});

test("StreamTable keeps streams that stay open while thousands come and go", () => {
  const table = new StreamTable("client");
  const old = Array.from({ length: 200 }, (_, i) => new Http2Stream(i * 4096 + 1, 0));
  for (const stream of old) table.add(stream);
  for (let id = 3; id < 20_000; id += 2) {
    const stream = new Http2Stream(id, 0);
    if (old.some((each) => each.id === id)) continue;
    table.add(stream);
    expect(table.get(id)).toBe(stream);
    table.delete(stream);
  }
  expect(table.size).toBe(200);
  for (const stream of old) expect(table.get(stream.id)).toBe(stream);
});
