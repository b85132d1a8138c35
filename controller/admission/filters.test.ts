import { expect, test } from "bun:test";
import { GATEWAY, POLICY, review, said } from "../../test/fake/policy-review.ts";

const SERVICE = { kind: "Service", group: "", name: "web", port: 80 };
const route = (rule: object, parent: object = SERVICE): object => ({
  parentRefs: [parent],
  rules: [rule],
});
const RULES: readonly (readonly [string, object, string])[] = [
  [
    "a redirect",
    {
      filters: [
        {
          type: "RequestRedirect",
          requestRedirect: { path: { replaceFullPath: "/b" }, statusCode: 308 },
        },
      ],
    },
    "",
  ],
  [
    "a relative redirect",
    {
      filters: [
        { type: "RequestRedirect", requestRedirect: { path: { replacePrefixMatch: "b" } } },
      ],
    },
    '"b" is no absolute path',
  ],
  [
    "a redirect to port 0",
    { filters: [{ type: "RequestRedirect", requestRedirect: { port: 0 } }] },
    "port: 0 is not",
  ],
  [
    "a redirect of status 99",
    { filters: [{ type: "RequestRedirect", requestRedirect: { statusCode: 99 } }] },
    "statusCode: 99",
  ],
  [
    "a header's bad name",
    {
      filters: [
        {
          type: "RequestHeaderModifier",
          requestHeaderModifier: { set: [{ name: "a b", value: "c" }] },
        },
      ],
    },
    '"a b" is no name',
  ],
  [
    "a header's bad value",
    {
      filters: [
        {
          type: "ResponseHeaderModifier",
          responseHeaderModifier: { add: [{ name: "a", value: "b\r\nc" }] },
        },
      ],
    },
    "control characters",
  ],
  [
    "a filter without its field",
    { filters: [{ type: "RequestHeaderModifier" }] },
    "requestHeaderModifier: it must be set",
  ],
];

test.each(RULES.flatMap((row) => [[POLICY, ...row] as const, [GATEWAY, ...row] as const]))(
  "ADM7: HTTPRoute of %s with %s",
  (group, _, rule, problem) => {
    const told = said(review([group, "HTTPRoute"], route(rule)));
    expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
  },
);
