import { expect, test } from "bun:test";
import { POLICY, review, said } from "../../test/fake/policy-review.ts";

test("what is deleted, of another version of reviews or of an unknown kind is let in", () => {
  expect(said(review([POLICY, "Server"], {}, { operation: "DELETE" }))).toBe("");
  expect(said(review([POLICY, "Server"], {}, { subResource: "status" }))).toBe("");
  expect(said(review(["example.com", "Server"], {}))).toBe("");
  expect(said(review(["example.com", "HTTPRoute"], {}))).toBe("");
  expect(said(review([POLICY, "Server"], {}, { object: null }))).toBe("");
});

test.each([
  "Server",
  "ServerAuthorization",
  "AuthorizationPolicy",
  "MeshTLSAuthentication",
  "NetworkAuthentication",
  "EgressNetwork",
  "HTTPLocalRateLimitPolicy",
])("a %s that cannot be read is refused, whatever it is", (kind) => {
  for (const spec of [
    undefined,
    null,
    7,
    "x",
    [],
    { port: {}, networks: 7, client: 7, identities: 7 },
  ])
    expect(said(review([POLICY, kind], spec))).toContain(`the definition of ${kind}`);
});
