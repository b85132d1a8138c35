import { expect, test } from "bun:test";
import { GATEWAY, POLICY, review, said } from "../../test/fake/policy-review.ts";

const SERVICE = { kind: "Service", group: "", name: "web", port: 80 };
const route = (rule: object, parent: object = SERVICE): object => ({
  parentRefs: [parent],
  rules: [rule],
});
const RULES: readonly (readonly [string, object, string])[] = [
  ["an absolute path", { matches: [{ path: { type: "PathPrefix", value: "/a" } }] }, ""],
  ["a relative path", { matches: [{ path: { value: "a" } }] }, '"a" is no absolute path'],
  ["an expression", { matches: [{ path: { type: "RegularExpression", value: "/a/\\d+" } }] }, ""],
  [
    "a look-ahead",
    { matches: [{ path: { type: "RegularExpression", value: "/(?=a)" } }] },
    "no regular expression that is matched in linear time",
  ],
  [
    "a broken header",
    { matches: [{ headers: [{ type: "RegularExpression", name: "a", value: "(" }] }] },
    "headers[0].value",
  ],
  [
    "a broken query",
    { matches: [{ queryParams: [{ type: "RegularExpression", name: "a", value: "[" }] }] },
    "queryParams[0].value",
  ],
  [
    "a match of no kind",
    { matches: [{ headers: [{ type: "Fuzzy", name: "a", value: "b" }] }] },
    '"Fuzzy" is none of',
  ],
];

test.each(RULES.flatMap((row) => [[POLICY, ...row] as const, [GATEWAY, ...row] as const]))(
  "ADM7: HTTPRoute of %s with %s",
  (group, _, rule, problem) => {
    const told = said(review([group, "HTTPRoute"], route(rule)));
    expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
  },
);
