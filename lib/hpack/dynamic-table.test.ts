import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { DynamicTable } from "./dynamic-table.ts";

test("DynamicTable indexes the newest first and evicts the oldest", () => {
  const table = new DynamicTable(3 * 34);
  expect([
    table.add("a", "1"),
    table.add("b", "2"),
    table.add("c", "3"),
    table.add("d", "4"),
  ]).toEqual([0, 0, 0, 1]);
  expect([table.name(1), table.value(1), table.name(3), table.name(4), table.value(4)]).toEqual([
    "d",
    "4",
    "b",
    undefined,
    undefined,
  ]);
  table.resize(34);
  expect([table.length, table.sizeBytes, table.limitBytes]).toEqual([1, 34, 34]);
  table.add("name", "longer than the table".repeat(2));
  expect([table.length, table.sizeBytes]).toEqual([0, 0]);
});

test("DynamicTable stays right over many evictions", () => {
  const table = new DynamicTable(10 * 40);
  for (let i = 0; i < 2000; i++) table.add(`n${1000 + i}`, "abc");
  expect([table.name(1), table.name(table.length)]).toEqual(["n2999", `n${3000 - table.length}`]);
});

test("DynamicTable keeps nothing of entries that were larger than it", () => {
  const table = new DynamicTable(4096);
  const held = (): number => {
    Bun.gc(true);
    return heapStats().heapSize;
  };
  const before = held();
  for (let i = 0; i < 256; i++) table.add("x", Buffer.alloc(100_000, i).toString("latin1"));
  expect(table.length).toBe(0);
  expect(held() - before).toBeLessThan(2_000_000);
});
