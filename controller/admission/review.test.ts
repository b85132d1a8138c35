import { expect, test } from "bun:test";
import { GATEWAY, POLICY, review, said } from "../../test/fake/policy-review.ts";

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

test("G15: what is told of an object has a bound, however much is wrong with it", () => {
  const networks = Array.from({ length: 10_000 }, () => ({ cidr: "x".repeat(1000) }));
  const text = said(review([POLICY, "NetworkAuthentication"], { networks }));
  expect(text.length).toBeLessThan(5000);
  expect(text).toStartWith('spec.networks[0].cidr: "xxx');
  expect(text).toEndWith("fd00::/8; and 9990 more");
  const filters = Array.from({ length: 30 }, (_, index) => ({ type: `Odd${index}` }));
  const parentRefs = [{ group: "", kind: "Service", name: "web", port: 80 }];
  const warned = said(review([GATEWAY, "HTTPRoute"], { parentRefs, rules: [{ filters }] }));
  expect(warned.split("; ")).toHaveLength(11);
  expect(warned).toEndWith("warning: and 20 more");
});
