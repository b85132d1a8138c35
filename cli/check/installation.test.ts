import { expect, test } from "bun:test";
import { findings, without } from "../../test/fake/installed.ts";
import { INSTALLATION } from "./installation.ts";

test("what the manifests install is all there", async () => {
  expect(await findings(INSTALLATION)).toEqual({});
});

test.each([
  ["Namespace/linkerd", 'The "linkerd" namespace does not exist'],
  ["ClusterRole/linkerd-linkerd-identity", "missing ClusterRoles: linkerd-linkerd-identity"],
  [
    "ClusterRoleBinding/linkerd-linkerd-destination",
    "missing ClusterRoleBindings: linkerd-linkerd-destination",
  ],
  ["ServiceAccount/linkerd-proxy-injector", "missing ServiceAccounts: linkerd-proxy-injector"],
  [
    "CustomResourceDefinition/servers.policy.linkerd.io",
    "missing CustomResourceDefinitions: servers.policy.linkerd.io",
  ],
  [
    "MutatingWebhookConfiguration/linkerd-proxy-injector-webhook-config",
    "missing MutatingWebhookConfiguration: linkerd-proxy-injector-webhook-config",
  ],
  [
    "ValidatingWebhookConfiguration/linkerd-policy-validator-webhook-config",
    "missing ValidatingWebhookConfigurations: linkerd-policy-validator-webhook-config",
  ],
])("without %s: %s", async (which, message) => {
  expect(Object.values(await findings(INSTALLATION, { objects: without(which) }))).toEqual([
    message,
  ]);
});
