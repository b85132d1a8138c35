import { expect, test } from "bun:test";
import { POLICY, review, said } from "../../test/fake/policy-review.ts";

const rate = (requestsPerSecond: number): object => ({ requestsPerSecond });
const limit = (over: object): object => ({
  targetRef: { group: POLICY, kind: "Server", name: "web" },
  ...over,
});

test.each([
  [limit({ total: rate(100), identity: rate(100) }), ""],
  [limit({ overrides: [{ ...rate(5), clientRefs: [{ kind: "ServiceAccount", name: "a" }] }] }), ""],
  [{ ...limit({}), targetRef: { kind: "Service", name: "web" } }, "a Service has no rate limit"],
  [limit({ total: rate(0) }), "spec.total.requestsPerSecond: it must be above 0"],
  [limit({ identity: rate(0) }), "spec.identity.requestsPerSecond: it must be above 0"],
  [limit({ total: rate(1), identity: rate(2) }), "2 is above the total of 1"],
  [limit({ total: rate(1), overrides: [{ ...rate(2), clientRefs: [] }] }), "overrides[0]"],
  [limit({ overrides: [{ ...rate(0), clientRefs: [] }] }), "must be above 0"],
  [limit({ overrides: [{ ...rate(1), clientRefs: [{ kind: "Pod", name: "a" }] }] }), "a Pod"],
])("ADM9: HTTPLocalRateLimitPolicy %j", (spec, problem) => {
  const told = said(review([POLICY, "HTTPLocalRateLimitPolicy"], spec));
  expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
});
