import { expect, test } from "bun:test";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import { parseIdentity } from "../controller/args.ts";
import { renderIdentity } from "./identity.ts";
import { createValues } from "./values.ts";

const values = createValues("1.2.3", {
  identityTrustDomain: "my.domain",
  identity: { issuer: { issuanceLifetime: "60s" } },
  proxy: { defaultInboundPolicy: "deny" },
});
const certificates = {
  anchorsPem: "ANCHORS",
  issuer: { crtPem: "CRT", keyPem: "KEY" },
};

test("renderIdentity() starts the role with flags that it takes", () => {
  const objects = renderIdentity(values, certificates);
  const deployment = objects.find(({ kind }) => kind === "Deployment") as Deployment;
  const { containers = [] } = deployment.spec?.template.spec ?? {};
  const [role, name, ...flags] = containers[0]?.args ?? [];
  expect([role, name]).toEqual(["controller", "identity"]);
  expect(parseIdentity(flags, {})).toMatchObject({
    type: "args",
    args: {
      addr: { port: 8080 },
      adminAddr: { port: 9990 },
      trustDomain: "my.domain",
      issuanceLifetimeMs: 60_000,
      issuerDir: "/var/run/linkerd/identity/issuer",
    },
  });
});
