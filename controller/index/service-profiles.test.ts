import { expect, test } from "bun:test";
import { toServiceProfile } from "./service-profiles.ts";

function read(spec: unknown) {
  const faults: string[] = [];
  const metadata = { name: "web.shop.svc.cluster.local", namespace: "shop" };
  return { profile: toServiceProfile({ metadata, spec }, faults), faults };
}
const route = (over: object) => ({ name: "r", condition: { pathRegex: "/" }, ...over });

test("DST15: a ServiceProfile that says nothing", () => {
  expect(read(undefined)).toEqual({
    profile: {
      ...{ name: "web.shop.svc.cluster.local", namespace: "shop" },
      ...{ routes: [], budget: "default", overrides: [], opaque: [] },
    },
    faults: [],
  });
});

test.each([
  ["no condition", { condition: undefined }, "spec.routes[0].condition is missing"],
  ["an empty one", { condition: {} }, "spec.routes[0].condition.all and all else is missing"],
  ["a word unknown", { condition: { host: "x" } }, "spec.routes[0].condition.host is not known"],
  ["no timeout", { timeout: "soon" }, "spec.routes[0].timeout is no duration: soon"],
  [
    "a timeout without end",
    { timeout: "999999999999999d" },
    "spec.routes[0].timeout is no duration: 999999999999999d",
  ],
  ["no flag", { isRetryable: "yes" }, "spec.routes[0].isRetryable is neither true nor false"],
  [
    "no statuses",
    { responseClasses: [{ condition: { status: { min: 500, max: 400 } } }] },
    "spec.routes[0].responseClasses[0].condition.status.max is below min, or no status",
  ],
  [
    "no class",
    { responseClasses: [{ isFailure: true }] },
    "spec.routes[0].responseClasses[0].condition is missing",
  ],
])("DST15: a route with %s is left out, and the others hold", (_, over, fault) => {
  const { profile, faults } = read({ routes: [route(over), route({})] });
  expect(profile.routes).toEqual([
    {
      ...{ name: "r", responseClasses: [], isRetryable: false, timeoutMs: 0 },
      condition: { type: "path", regex: "/" },
    },
  ]);
  expect(faults[0]).toBe(fault);
});

test("DST15: of a list under not none may hold, as the definition has it at the top of a route", () => {
  const not = [{ method: "get" }, { pathRegex: "/a" }];
  const { profile, faults } = read({
    routes: [
      ...[route({ condition: { not } }), route({ condition: { not: not.slice(1) } })],
      ...[route({ condition: { not: [{}] } }), route({ condition: { not: [] } })],
    ],
  });
  const path = { type: "not", of: { type: "path", regex: "/a" } };
  expect(profile.routes.map(({ condition }) => condition)).toEqual([
    { type: "all", of: [{ type: "not", of: { type: "method", method: "GET" } }, path] } as never,
    path as never,
  ]);
  expect(faults).toEqual([
    "spec.routes[2].condition.not[0].all and all else is missing",
    "spec.routes[3].condition.all and all else is missing",
  ]);
});

test("DST15: conditions may be nested, but not without end", () => {
  const nested = (depth: number): object =>
    depth === 0 ? { pathRegex: "/" } : { not: nested(depth - 1) };
  expect(read({ routes: [route({ condition: nested(31) })] }).faults).toEqual([]);
  const { profile, faults } = read({ routes: [route({ condition: nested(40) })] });
  expect([profile.routes, faults.length]).toEqual([[], 1]);
});

test.each([
  [{ retryRatio: 0.2, minRetriesPerSecond: 10, ttl: "10s" }, { ttlMs: 10_000 }],
  [{ retryRatio: -1, minRetriesPerSecond: 10, ttl: "10s" }, "none"],
  [{ retryRatio: 1, ttl: "10s" }, "none"],
  [{ retryRatio: 1, minRetriesPerSecond: 10 }, "none"],
  [{ retryRatio: 3.4e38, minRetriesPerSecond: 10, ttl: "10s" }, { ratio: 3.4e38 }],
  [{ retryRatio: 1e39, minRetriesPerSecond: 10, ttl: "10s" }, "none"],
  [{ retryRatio: 1, minRetriesPerSecond: 10, ttl: "999999999999999d" }, "none"],
])("DST16: a budget of %p", (retryBudget, expected) => {
  const { budget } = read({ retryBudget }).profile;
  if (typeof expected === "string") expect(budget).toBe(expected as "none");
  else expect(budget).toMatchObject(expected);
});

test("DST15: overrides with weights as Kubernetes writes quantities", () => {
  const weights = [1, "0.5", "250m", "1k", "1e3", 429_496.7295, -1, "1x", 500_000, undefined];
  const dstOverrides = weights.map((weight) => ({ authority: "v2", weight }));
  const { profile, faults } = read({ dstOverrides: [...dstOverrides, { weight: 1 }] });
  expect(profile.overrides.map(({ weight }) => weight)).toEqual([
    10_000, 5000, 2500, 10_000_000, 10_000_000, 0xffff_ffff,
  ]);
  expect(faults).toHaveLength(5);
});
