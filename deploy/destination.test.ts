import { expect, test } from "bun:test";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import { parseDestination } from "../controller/args.ts";
import { renderDestination } from "./destination.ts";
import { createValues } from "./values.ts";

const values = createValues("1.2.3", {
  identityTrustDomain: "my.domain",
  identity: { issuer: { issuanceLifetime: "60s" } },
  proxy: { defaultInboundPolicy: "deny" },
});

test("renderDestination() starts the role with flags that it takes", () => {
  const objects = renderDestination(values);
  const deployment = objects.find(({ kind }) => kind === "Deployment") as Deployment;
  const { containers = [] } = deployment.spec?.template.spec ?? {};
  const [role, name, ...flags] = containers[0]?.args ?? [];
  expect([role, name]).toEqual(["controller", "destination"]);
  expect(parseDestination(flags, {})).toMatchObject({
    type: "args",
    args: {
      addr: { port: 8086 },
      policyAddr: { port: 8090 },
      adminAddr: { port: 9996 },
      trustDomain: "my.domain",
      defaultPolicy: "deny",
    },
  });
});
