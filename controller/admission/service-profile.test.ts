import { expect, test } from "bun:test";
import { review, said } from "../../test/fake/policy-review.ts";

const profile = (over: object = {}): object => ({
  routes: [{ name: "GET /", condition: { method: "GET", pathRegex: "/" }, ...over }],
});
const PROFILE = ["linkerd.io", "ServiceProfile"] as const;
const NAME = "web.shop.svc.cluster.local";

test.each([NAME, "api.example.com"])("ADM12: a ServiceProfile may be called %s", (name) => {
  expect(said(review(PROFILE, profile(), { name }))).toBe("");
});

test.each(["web", "Web.shop.svc", "web..svc", `${"a.".repeat(130)}b`])(
  "ADM12: a ServiceProfile may not be called %s",
  (name) => {
    expect(said(review(PROFILE, profile(), { name }))).toContain("is no Service's whole name");
  },
);

test.each([
  [
    profile({
      timeout: "300ms",
      responseClasses: [{ condition: { status: { min: 500, max: 599 } } }],
    }),
    "",
  ],
  [profile({ condition: { all: [{ method: "GET" }, { not: { pathRegex: "/a.*" } }] } }), ""],
  [profile({ responseClasses: [{ condition: { any: [{ status: { min: 500 } }] } }] }), ""],
  [profile({ condition: { not: [{ method: "GET" }, { pathRegex: "/a.*" }] } }), ""],
  [profile({ condition: { not: [{ method: "GET" }, { pathRegex: "(" }] } }), "not[1].pathRegex"],
  [profile({ condition: { not: [] } }), "it says nothing"],
  [profile({ name: "" }), "name: it is empty"],
  [profile({ condition: {} }), "it says nothing"],
  [profile({ condition: { any: [{ pathRegex: "(" }] } }), "condition.any[0].pathRegex"],
  [
    profile({ condition: { all: [{ method: "GET", pathregex: "/a" }] } }),
    "condition.all[0].pathregex: it is not known",
  ],
  [
    profile({ responseClasses: [{ condition: { not: { status: { min: 500 }, code: 5 } } }] }),
    "condition.not.code: it is not known",
  ],
  [profile({ timeout: "soon" }), '"soon" is no duration'],
  [profile({ responseClasses: [{ condition: {} }] }), "it says nothing"],
  [profile({ responseClasses: [{ condition: { status: { min: 99 } } }] }), "from 100 to 599"],
  [profile({ responseClasses: [{ condition: { status: { max: 600 } } }] }), "from 100 to 599"],
  [profile({ responseClasses: [{ condition: { status: { min: 500, max: 400 } } }] }), "below min"],
  [{ retryBudget: { retryRatio: 0.2, minRetriesPerSecond: 10, ttl: "10s" } }, ""],
  [{ retryBudget: { retryRatio: 0.2, minRetriesPerSecond: 10, ttl: "x" } }, '"x" is no duration'],
  [{ retryBudget: { retryRatio: -1, minRetriesPerSecond: -1, ttl: "1s" } }, "below 0"],
  [profile({ timeout: "999999999999999d" }), "is no duration"],
  [{ retryBudget: { retryRatio: 1, minRetriesPerSecond: 1, ttl: "9999999d" } }, "is no duration"],
  [{ retryBudget: { retryRatio: 1e39, minRetriesPerSecond: 1, ttl: "1s" } }, "retryRatio: it is"],
  [{ retryBudget: { retryRatio: 1, minRetriesPerSecond: 2 ** 32, ttl: "1s" } }, "it is above"],
  [{ dstOverrides: [{ authority: "a", weight: "500m" }, { authority: "b" }] }, ""],
  [{ dstOverrides: [{ authority: "a", weight: 500_000 }] }, "dstOverrides[0].weight: 500000 is no"],
])("ADM13: ServiceProfile %j", (spec, problem) => {
  const told = said(review(PROFILE, spec, { name: NAME }));
  expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
});
