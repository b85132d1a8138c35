import { expect, test } from "bun:test";
import { isRouteSpec } from "./route-spec.ts";

test.each([
  {},
  { parentRefs: null, rules: null },
  { rules: [{}] },
  { rules: [{ matches: [{ method: "GET" }, { method: { service: "a" } }] }] },
  {
    rules: [{ filters: [{ type: "Other", other: {} }], backendRefs: [{ name: "web", weight: 1 }] }],
  },
])("a spec that can be read: %j", (spec) => {
  expect(isRouteSpec(spec)).toBe(true);
});

test.each([
  undefined,
  7,
  { parentRefs: [{ name: "web" }] },
  { parentRefs: [{ kind: "Service", port: "80" }] },
  { rules: {} },
  { rules: [{ matches: "all" }] },
  { rules: [{ matches: [{ method: 7 }] }] },
  { rules: [{ matches: [{ path: { value: 7 } }] }] },
  { rules: [{ filters: [{}] }] },
  { rules: [{ timeouts: { request: 7 } }] },
])("a spec that cannot: %j", (spec) => {
  expect(isRouteSpec(spec)).toBe(false);
});
