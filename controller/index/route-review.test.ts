import { expect, test } from "bun:test";
import { POLICY_GROUP } from "../core/route.ts";
import { expressionProblem, RouteReview } from "./route-review.ts";
import { toHttpRoute } from "./routes.ts";

const reviewed = (spec: unknown): RouteReview => {
  const review = new RouteReview();
  toHttpRoute({ spec }, POLICY_GROUP, review);
  return review;
};

test("a route is the mesh's by one of its parents, in any case, also where that has more than is known", () => {
  const service = { group: "", kind: "service", name: "web", more: 1 };
  expect(reviewed({ parentRefs: [{ name: "edge" }, service] }).isOurs).toBe(true);
  expect(reviewed({ parentRefs: [{ name: "edge" }] }).isOurs).toBe(false);
});

test.each([
  [{ parentRefs: [{ kind: "Service", port: "80" }] }],
  [{ parentRefs: [7] }],
  [{ rules: {} }],
  [{ rules: [{ matches: "all" }] }],
  [{ rules: [{ matches: [{ method: 7 }] }] }],
  [{ rules: [{ matches: [{ path: { value: 7 } }] }] }],
  [{ rules: [{ matches: [{ headers: [{ name: "a" }] }] }] }],
  [{ rules: [{ filters: [{}] }] }],
  [{ rules: [{ timeouts: { request: 7 } }] }],
])("a spec that is not what its definition says: %j", (spec) => {
  expect(reviewed(spec).isMistyped).toBe(true);
});

test.each([
  [{}],
  [{ parentRefs: null, rules: null }],
  [{ parentRefs: [{ kind: "Service" }] }],
  [{ rules: [{ more: 1, matches: [{ method: "GET" }] }] }],
  [{ rules: [{ filters: [{ type: "Other", other: {} }], backendRefs: [{ weight: 1 }] }] }],
])("a spec that has the form of its definition: %j", (spec) => {
  expect(reviewed(spec).isMistyped).toBe(false);
});

test("what is refused stands in order, with its fields; what costs a rule alone does not", () => {
  const match = { path: { type: "Glob" }, headers: [{ name: "", value: "" }], method: "BREW" };
  const backend = { name: "web", filters: [{ type: "CORS" }] };
  const { refusals, unknownFilters } = reviewed({
    rules: [{ matches: [match], backendRefs: [backend], timeouts: { request: "soon" } }],
  });
  expect(refusals.map((each) => each.slice(0, each.indexOf(": ")))).toEqual([
    "spec.rules[0].matches[0].path.type",
    "spec.rules[0].matches[0].headers[0].name",
    "spec.rules[0].backendRefs[0].port",
    "spec.rules[0].timeouts.request",
  ]);
  expect(unknownFilters).toEqual([
    "spec.rules[0].filters: CORS is not known here: the rule is dropped",
  ]);
});

test("expressionProblem() is of what cannot be matched in linear time", () => {
  expect(expressionProblem("a+")).toBeUndefined();
  expect(expressionProblem("(?=a)")).toContain("no look-around");
});
