import { expect, test } from "bun:test";
import { groupBy } from "./groups.ts";
import type { Growth } from "./growth.ts";

test("groupBy() has a group for each key that grew, in their order", () => {
  const series = (name: string, growth: number): Growth => ({
    ...{ name: "x_total", labels: { name }, value: 9, rate: 1 },
    growth,
  });
  const all = [series("b", 1), series("a", 2), series("b", 3), series("c", 0)];
  const groups = groupBy(all, ({ labels }) => [labels["name"]]);
  expect(groups.map(({ key, series: of }) => [key, of.map(({ growth }) => growth)])).toEqual([
    [["a"], [2]],
    [["b"], [1, 3]],
  ]);
});

test("groupBy() keeps what did not grow beside what did: of a histogram that is where buckets begin", () => {
  const series = (le: string, growth: number): Growth => ({
    ...{ name: "x_bucket", labels: { le }, value: 9, rate: 1 },
    growth,
  });
  const [group] = groupBy([series("100", 0), series("200", 4)], () => ["x"]);
  expect(group?.series.map(({ labels }) => labels["le"])).toEqual(["100", "200"]);
});
