import { expect, test } from "bun:test";
import { POLICY, review, said } from "../../test/fake/policy-review.ts";

test.each([
  [{ identities: ["*"] }, ""],
  [{ identities: ["*.shop.serviceaccount.identity.linkerd.cluster.local"] }, ""],
  [{ identities: ["web.shop.serviceaccount.identity.linkerd.cluster.local"] }, ""],
  [{ identities: ["spiffe://example.com/ns/shop/sa/web"] }, ""],
  [{ identityRefs: [{ kind: "ServiceAccount", name: "web", namespace: "shop" }] }, ""],
  [{ identityRefs: [{ kind: "Namespace", name: "shop" }] }, ""],
  [{ identityRefs: [{ kind: "Namespace", name: "shop", namespace: "shop" }] }, "is in none"],
  [{ identityRefs: [{ kind: "Namespace" }] }, "it is not what the definition"],
  [{}, "it names nobody"],
  [{ identities: [], identityRefs: [] }, "it names nobody"],
  [{ identities: ["web.*"] }, '"web.*" is no identity'],
  [{ identities: ["*web"] }, "is no identity"],
  [{ identities: ["**"] }, "is no identity"],
  [{ identities: [`${"a".repeat(64)}.b`] }, "is no identity"],
  [{ identities: ["Web.shop"] }, "is no identity"],
  [{ identities: ["spiffe://Has Blanks/x"] }, "is no identity"],
  [{ identities: ["spiffe://example.com/./web"] }, "is no identity"],
  [{ identities: ["spiffe://example.com/ns/.."] }, "is no identity"],
  [{ identities: ["spiffe://example.com/ns/..."] }, ""],
  [{ identityRefs: [{ kind: "Pod", name: "web" }] }, "a Pod has no identity"],
])("ADM4: MeshTLSAuthentication %j", (spec, problem) => {
  const told = said(review([POLICY, "MeshTLSAuthentication"], spec));
  expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
});

const client = (over: object): object => ({ server: { name: "web" }, client: over });

test.each([
  [client({ unauthenticated: true }), ""],
  [client({ meshTLS: { identities: ["*"] } }), ""],
  [client({ meshTLS: { unauthenticatedTLS: true }, networks: [{ cidr: "10.0.0.0/8" }] }), ""],
  [client({ meshTLS: {} }), "it names nobody"],
  [client({ unauthenticated: true, meshTLS: { identities: ["*"] } }), "leave one of them out"],
  [client({ meshTLS: { unauthenticatedTLS: true, identities: ["*"] } }), "asks for no name"],
  [client({ networks: [{ cidr: "ten" }] }), "is no network"],
])("a ServerAuthorization's client %j", (spec, problem) => {
  const told = said(review([POLICY, "ServerAuthorization"], spec));
  expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
});

test("ADM4: a SPIFFE id has 2048 characters at most", () => {
  const id = (length: number): string => "spiffe://example.com/".padEnd(length, "a");
  const of = (text: string) => review([POLICY, "MeshTLSAuthentication"], { identities: [text] });
  expect(said(of(id(2048)))).toBe("");
  expect(said(of(id(2049)))).toContain('aaa" is no identity');
});
