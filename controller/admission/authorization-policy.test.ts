import { expect, test } from "bun:test";
import { GATEWAY, POLICY, review, said } from "../../test/fake/policy-review.ts";

const authorization = (kind: string, group: string, ...refs: [string, string][]): object => ({
  targetRef: { group, kind, name: "x" },
  requiredAuthenticationRefs: refs.map(([refGroup, refKind]) => ({
    group: refGroup,
    kind: refKind,
    name: "y",
  })),
});

const namespaceRef = (name: string): object => ({ group: "core", kind: "Namespace", name });

test.each([
  ["a Server", authorization("Server", POLICY, [POLICY, "MeshTLSAuthentication"]), ""],
  ["a route of ours", authorization("HTTPRoute", POLICY), ""],
  ["a route of the Gateway API", authorization("GRPCRoute", GATEWAY), ""],
  [
    "its namespace",
    { ...authorization("", "", ["", "ServiceAccount"]), targetRef: namespaceRef("shop") },
    "",
  ],
  [
    "another namespace",
    { ...authorization("", ""), targetRef: namespaceRef("x") },
    'spec.targetRef: "x" is another namespace',
  ],
  [
    "kinds in other letters",
    authorization("server", POLICY, [POLICY, "networkauthentication"]),
    "",
  ],
  ["a Pod", authorization("Pod", ""), "a Pod cannot be authorized for"],
  ["another group's Server", authorization("Server", "example.com"), "cannot be authorized for"],
  [
    "two identities",
    authorization("Server", POLICY, [POLICY, "MeshTLSAuthentication"], ["", "ServiceAccount"]),
    "only one MeshTLSAuthentication or ServiceAccount",
  ],
  [
    "two networks",
    authorization(
      "Server",
      POLICY,
      [POLICY, "NetworkAuthentication"],
      [POLICY, "NetworkAuthentication"],
    ),
    "only one NetworkAuthentication",
  ],
  ["something else", authorization("Server", POLICY, ["", "Secret"]), "Secret is not known"],
])("ADM3: an AuthorizationPolicy with %s", (_, spec, problem) => {
  const told = said(review([POLICY, "AuthorizationPolicy"], spec));
  expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
});
