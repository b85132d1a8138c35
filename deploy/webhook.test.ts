import { expect, test } from "bun:test";
import { INJECTOR, POLICY_VALIDATOR } from "#lib/k8s/webhooks.ts";
import { createValues, type Overrides } from "./values.ts";
import { renewalRights, secretVolume, webhookConfiguration, webhookSecret } from "./webhook.ts";

const served = {
  key: "proxyInjector",
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

test("what others write is not rendered: neither the Secret nor a CA that is injected", () => {
  const selector = { rules: [], namespaceSelector: { matchExpressions: [] } };
  const rendered = (proxyInjector: Overrides["proxyInjector"] = {}) => {
    const of = { ...served, values: createValues("1", { proxyInjector }) };
    const { metadata, webhooks } = webhookConfiguration(of, selector);
    return {
      secrets: webhookSecret(of).length,
      caBundle: webhooks?.[0]?.clientConfig.caBundle,
      annotations: Object.entries(metadata?.annotations ?? {}).slice(1),
    };
  };
  const caBundle = btoa("CA");
  expect(rendered()).toEqual({ secrets: 1, caBundle, annotations: [] });
  expect(rendered({ externalSecret: true, caBundle: "-----BEGIN CERTIFICATE-----" }).secrets).toBe(
    0,
  );
  expect(rendered({ externalSecret: true, injectCaFrom: "linkerd/injector" })).toEqual({
    secrets: 0,
    caBundle: undefined,
    annotations: [["cert-manager.io/inject-ca-from", "linkerd/injector"]],
  });
  expect(rendered({ externalSecret: true, injectCaFromSecret: "linkerd/ca" })).toEqual({
    secrets: 0,
    caBundle: undefined,
    annotations: [["cert-manager.io/inject-ca-from-secret", "linkerd/ca"]],
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
