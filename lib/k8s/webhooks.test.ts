import { expect, test } from "bun:test";
import {
  INJECTOR,
  POLICY_VALIDATOR,
  PROFILE_VALIDATOR,
  renewalLease,
  webhookHost,
} from "./webhooks.ts";

test.each([
  [INJECTOR, "linkerd-proxy-injector", "MutatingWebhookConfiguration"],
  [POLICY_VALIDATOR, "linkerd-policy-validator", "ValidatingWebhookConfiguration"],
  [PROFILE_VALIDATOR, "linkerd-sp-validator", "ValidatingWebhookConfiguration"],
] as const)("the objects of a webhook have Linkerd's names: %#", (webhook, name, kind) => {
  const { secret, configuration } = webhook;
  expect([
    secret,
    configuration.name,
    configuration.resource.kind,
    webhookHost(webhook, "l"),
  ]).toEqual([`${name}-k8s-tls`, `${name}-webhook-config`, kind, `${name}.l.svc`]);
});

test("the Lease of an injector's certificate keeps its name", () => {
  expect(renewalLease(INJECTOR.name)).toBe("linkerd-proxy-injector-certificates");
});
