import { expect, test } from "bun:test";
import type { Deployment } from "#lib/k8s/types/apps.ts";
import type { Role } from "#lib/k8s/types/rbac.ts";
import { parseInjector } from "../controller/injector/args.ts";
import { renderProxyInjector } from "./proxy-injector.ts";
import { createValues } from "./values.ts";

const values = createValues("1.2.3", {
  identityTrustDomain: "my.domain",
  identity: { issuer: { issuanceLifetime: "60s" } },
  proxy: { defaultInboundPolicy: "deny" },
});
const certificates = {
  proxyInjector: { crtPem: "CRT", keyPem: "KEY", caPem: "CA" },
};

test("renderProxyInjector() starts the role with flags that it takes", () => {
  const objects = renderProxyInjector(values, certificates);
  const deployment = objects.find(({ kind }) => kind === "Deployment") as Deployment;
  const { containers = [] } = deployment.spec?.template.spec ?? {};
  const [role, name, ...flags] = containers[0]?.args ?? [];
  expect([role, name]).toEqual(["controller", "injector"]);
  expect(parseInjector(flags, {})).toMatchObject({
    type: "args",
    args: { addr: { port: 8443 }, adminAddr: { port: 9995 }, controllerNamespace: "linkerd" },
  });
});

test("an injector that is replaced is there until the new one is, and until the API server knows", () => {
  const objects = renderProxyInjector(values, certificates);
  const { spec } = objects.find(({ kind }) => kind === "Deployment") as Deployment;
  // Of one replica a quarter is none that may be away, and one that may come.
  expect(spec?.strategy?.rollingUpdate).toEqual({ maxUnavailable: "25%", maxSurge: "25%" });
  expect(spec?.template.spec?.containers[0]?.lifecycle).toEqual({
    preStop: { sleep: { seconds: 5 } },
  });
});

test("renderProxyInjector() lets the role write one Secret, one webhook configuration and one Lease", () => {
  const objects = renderProxyInjector(values, certificates);
  const written = objects
    .flatMap((object) => (object as { readonly rules?: Role["rules"] }).rules ?? [])
    .filter(({ verbs, resources }) => verbs.includes("update") && resources !== undefined)
    .map(({ resources = [], resourceNames = [] }) => [...resources, ...resourceNames].join(" "));
  expect(written).toEqual([
    "mutatingwebhookconfigurations linkerd-proxy-injector-webhook-config",
    "secrets linkerd-proxy-injector-k8s-tls",
    "leases linkerd-proxy-injector-certificates",
  ]);
});
