/** Category linkerd-config: every object that the installation consists of. */

import { NAMESPACES, SERVICE_ACCOUNTS } from "#lib/k8s/resource.ts";
import { INJECTOR, POLICY_VALIDATOR, PROFILE_VALIDATOR } from "#lib/k8s/webhooks.ts";
import { renderCrds } from "../../deploy/crds/render.ts";
import { type Category, expectThat } from "./check.ts";
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, COMPONENTS, CRDS, expectAll } from "./objects.ts";

const rolesOf = (namespace: string): string[] =>
  COMPONENTS.map((component) => `linkerd-${namespace}-${component}`);

/** The checks. */
export const INSTALLATION: Category = {
  name: "linkerd-config",
  checks: [
    {
      description: "control plane Namespace exists",
      anchor: "l5d-existence-ns",
      severity: "fatal",
      run: async ({ client, linkerdNamespace }) => {
        const namespace = await client.get(NAMESPACES, { name: linkerdNamespace });
        expectThat(namespace !== undefined, `The "${linkerdNamespace}" namespace does not exist`);
      },
    },
    {
      description: "control plane ClusterRoles exist",
      anchor: "l5d-existence-cr",
      severity: "fatal",
      run: async (target) =>
        await expectAll(target, {
          resource: CLUSTER_ROLES,
          names: rolesOf(target.linkerdNamespace),
        }),
    },
    {
      description: "control plane ClusterRoleBindings exist",
      anchor: "l5d-existence-crb",
      severity: "fatal",
      run: async (target) =>
        await expectAll(target, {
          resource: CLUSTER_ROLE_BINDINGS,
          names: rolesOf(target.linkerdNamespace),
        }),
    },
    {
      description: "control plane ServiceAccounts exist",
      anchor: "l5d-existence-sa",
      severity: "fatal",
      run: async (target) =>
        await expectAll(target, {
          resource: SERVICE_ACCOUNTS,
          names: COMPONENTS.map((component) => `linkerd-${component}`),
          namespace: target.linkerdNamespace,
        }),
    },
    {
      description: "control plane CustomResourceDefinitions exist",
      anchor: "l5d-existence-crd",
      severity: "fatal",
      run: async (target) =>
        await expectAll(target, {
          resource: CRDS,
          names: renderCrds(target.linkerdNamespace).map(({ metadata }) => metadata?.name ?? ""),
        }),
    },
    {
      description: "control plane MutatingWebhookConfigurations exist",
      anchor: "l5d-existence-mwc",
      severity: "fatal",
      run: async (target) =>
        await expectAll(target, {
          resource: INJECTOR.configuration.resource,
          names: [INJECTOR.configuration.name],
        }),
    },
    {
      description: "control plane ValidatingWebhookConfigurations exist",
      anchor: "l5d-existence-vwc",
      severity: "fatal",
      run: async (target) =>
        await expectAll(target, {
          resource: POLICY_VALIDATOR.configuration.resource,
          names: [POLICY_VALIDATOR, PROFILE_VALIDATOR].map(
            ({ configuration }) => configuration.name,
          ),
        }),
    },
  ],
};
