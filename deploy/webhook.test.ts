import { expect, test } from "bun:test";
import { INJECTOR, POLICY_VALIDATOR } from "#lib/k8s/webhooks.ts";
import { createValues } from "./values.ts";
import { renewalRights, secretVolume, webhookConfiguration } from "./webhook.ts";

const served = {
  webhook: INJECTOR,
  component: "proxy-injector",
  values: createValues("1"),
  certificate: { crtPem: "CRT", keyPem: "KEY", caPem: "CA" },
} as const;

test("webhookConfiguration() says only what is asked for", () => {
  const namespaceSelector = { matchExpressions: [] };
  const [bare] = webhookConfiguration(served, { rules: [], namespaceSelector }).webhooks ?? [];
  expect([bare?.objectSelector, bare?.timeoutSeconds]).toEqual([undefined, undefined]);
  const objectSelector = {
    matchExpressions: [{ key: "a", operator: "In", values: ["b"] }],
  } as const;
  const more = { rules: [], namespaceSelector, objectSelector, timeoutSeconds: 3 };
  expect(webhookConfiguration(served, more).webhooks?.[0]).toMatchObject({
    objectSelector,
    timeoutSeconds: 3,
  });
});

test("renewalRights() names each object, kind by kind", () => {
  const { cluster, local } = renewalRights("d", [INJECTOR, POLICY_VALIDATOR]);
  expect(cluster.map(({ resources, names }) => [...resources, ...(names ?? [])])).toEqual([
    ["mutatingwebhookconfigurations", "linkerd-proxy-injector-webhook-config"],
    ["validatingwebhookconfigurations", "linkerd-policy-validator-webhook-config"],
  ]);
  expect(local.map(({ resources, names }) => [...resources, ...(names ?? [])])).toEqual([
    ["secrets", "linkerd-proxy-injector-k8s-tls", "linkerd-policy-validator-k8s-tls"],
    ["leases", "d-certificates"],
    ["leases"],
  ]);
});

test("secretVolume() mounts a webhook's Secret", () => {
  expect(secretVolume("tls", { webhook: INJECTOR, mountPath: "/tls" })).toEqual({
    volume: { name: "tls", secret: { secretName: "linkerd-proxy-injector-k8s-tls" } },
    mountPath: "/tls",
  });
});
