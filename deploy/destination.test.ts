import { expect, test } from "bun:test";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import type { Role } from "#lib/k8s/types/rbac.ts";
import { parseDestination } from "../controller/args.ts";
import { renderDestination } from "./destination.ts";
import { createValues } from "./values.ts";

const values = createValues("1.2.3", {
  identityTrustDomain: "my.domain",
  identity: { issuer: { issuanceLifetime: "60s" } },
  proxy: { defaultInboundPolicy: "deny" },
});

const certificate = { crtPem: "CRT", keyPem: "KEY", caPem: "CA" };
const certificates = { policyValidator: certificate, profileValidator: certificate };

test("renderDestination() starts the role with flags that it takes", () => {
  const objects = renderDestination(values, certificates);
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
      admission: { policy: { addr: { port: 9443 } }, profiles: { addr: { port: 8443 } } },
    },
  });
});

test.each([true, false])("DST11: disableIPv6 %j is handed to the role", (disableIPv6) => {
  const objects = renderDestination({ ...values, disableIPv6 }, certificates);
  const deployment = objects.find(({ kind }) => kind === "Deployment") as Deployment;
  const [, , ...flags] = deployment.spec?.template.spec?.containers[0]?.args ?? [];
  expect(parseDestination(flags, {})).toMatchObject({ args: { ipv6: !disableIPv6 } });
});

test("renderDestination() lets the role write its webhooks' certificates, EndpointSlices and three Leases, and nothing else whole", () => {
  const written = renderDestination(values, certificates)
    .flatMap((object) => (object as { readonly rules?: Role["rules"] }).rules ?? [])
    .filter(({ verbs }) => verbs.includes("update"))
    .map(({ resources = [], resourceNames = [] }) => [...resources, ...resourceNames].join(" "));
  expect(written).toEqual([
    "endpointslices",
    "validatingwebhookconfigurations linkerd-sp-validator-webhook-config linkerd-policy-validator-webhook-config",
    "secrets linkerd-sp-validator-k8s-tls linkerd-policy-validator-k8s-tls",
    "leases linkerd-destination-certificates",
    "leases linkerd-destination-endpoint-write policy-controller-write",
  ]);
});
