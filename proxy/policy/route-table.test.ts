import { expect, test } from "bun:test";
import type { HttpMatch } from "./request-match.ts";
import { prepareRoutes } from "./route-table.ts";

const root: HttpMatch = {
  type: "http",
  path: { type: "prefix", value: "/" },
  method: undefined,
  headers: [],
  queryParams: [],
};
const always = (
  hosts: readonly string[],
  ...matches: readonly (readonly HttpMatch[])[]
): string | undefined =>
  prepareRoutes([
    {
      hosts: hosts.map((name) => ({ type: "exact", name })),
      rules: matches.map((all, index) => ({ matches: all, target: `rule ${index}` })),
    },
  ]).always?.target;

test("a table in which one rule takes everything says so, whatever follows it", () => {
  expect(always([], [])).toBe("rule 0");
  expect(always([], [root])).toBe("rule 0");
  expect(always([], [root, root], [])).toBe("rule 0");
});

test("a table with a host, a path or a demand has to be looked at", () => {
  expect(always(["web"], [])).toBeUndefined();
  expect(always([], [{ ...root, method: "GET" }], [])).toBeUndefined();
  for (const type of ["exact", "prefix"] as const)
    expect(always([], [{ ...root, path: { type, value: "/a" } }], [])).toBeUndefined();
  expect(always([])).toBeUndefined();
  expect(prepareRoutes([]).always).toBeUndefined();
});
