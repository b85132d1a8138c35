import { expect, test } from "bun:test";
import { POLICY_KINDS } from "./policy.ts";

test("POLICY_KINDS have Linkerd's short names", () => {
  expect(
    Object.fromEntries(POLICY_KINDS.map(({ kind, shortNames = [] }) => [kind, shortNames])),
  ).toEqual({
    AuthorizationPolicy: ["authzpolicy"],
    EgressNetwork: [],
    HTTPLocalRateLimitPolicy: [],
    MeshTLSAuthentication: ["meshtlsauthn"],
    NetworkAuthentication: ["netauthn", "networkauthn"],
    Server: ["srv"],
    ServerAuthorization: ["saz", "serverauthz", "srvauthz"],
  });
});
