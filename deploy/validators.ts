/** The webhooks that validate policy and ServiceProfiles: their objects, and their part of the destination controller's pod. */

import { OPAQUE_PORTS } from "#lib/k8s/annotations.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { POLICY_VALIDATOR, PROFILE_VALIDATOR, type Webhook } from "#lib/k8s/webhooks.ts";
import type { Certificates } from "./certificates.ts";
import type { ControllerPort, ControllerSpec } from "./controller.ts";
import { GATEWAY_ROUTES, POLICY_RESOURCES } from "./policy-resources.ts";
import type { Values } from "./values.ts";
import {
  renewalRights,
  secretVolume,
  webhookConfiguration,
  webhookSecret,
  webhookService,
} from "./webhook.ts";

/** The names of the values, each with its webhook, its port, and where its Secret is mounted. */
const VALIDATORS: readonly {
  readonly key: "policyValidator" | "profileValidator";
  readonly webhook: Webhook;
  readonly flag: string;
  readonly port: ControllerPort;
  readonly volume: string;
  readonly rules: Parameters<typeof webhookConfiguration>[1]["rules"];
}[] = [
  {
    key: "profileValidator",
    webhook: PROFILE_VALIDATOR,
    flag: "sp-validator",
    port: { name: "sp-validator", port: 8443, webhook: true },
    volume: "sp-tls",
    rules: [
      {
        operations: ["CREATE", "UPDATE"],
        apiGroups: ["linkerd.io"],
        apiVersions: ["v1alpha1", "v1alpha2"],
        resources: ["serviceprofiles"],
      },
    ],
  },
  {
    key: "policyValidator",
    webhook: POLICY_VALIDATOR,
    flag: "policy-validator",
    port: { name: "policy-https", port: 9443, webhook: true },
    volume: "policy-tls",
    rules: [
      {
        operations: ["CREATE", "UPDATE"],
        apiGroups: ["policy.linkerd.io"],
        apiVersions: ["*"],
        resources: [...POLICY_RESOURCES],
      },
      {
        operations: ["CREATE", "UPDATE"],
        apiGroups: ["gateway.networking.k8s.io"],
        apiVersions: ["*"],
        resources: GATEWAY_ROUTES.toSorted(),
      },
    ],
  },
];

/** Their part of the controller: ports, flags and volumes. */
export const VALIDATOR_PARTS: Pick<ControllerSpec, "args" | "ports" | "volumes" | "annotations"> = {
  args: VALIDATORS.flatMap(({ flag, port }) => [
    `-${flag}-addr=:${port.port}`,
    `-${flag}-tls-dir=${mountOf(flag)}`,
  ]),
  ports: VALIDATORS.map(({ port }) => port),
  volumes: VALIDATORS.map(({ volume, webhook, flag }) =>
    secretVolume(volume, { webhook, mountPath: mountOf(flag) }),
  ),
  // The API server's TLS is the webhooks' own: no proxy needs to look into it.
  annotations: { [OPAQUE_PORTS]: VALIDATORS.map(({ port }) => port.port).join(",") },
};

/** What the controller needs to renew their certificates. */
export const VALIDATOR_RIGHTS: ReturnType<typeof renewalRights> = renewalRights(
  "linkerd-destination",
  VALIDATORS.map(({ webhook }) => webhook),
);

/** Their objects: what is there before the pods that serve them, and after. */
export function renderValidators(
  values: Values,
  certificates: Pick<Certificates, "policyValidator" | "profileValidator">,
): { readonly before: readonly KubeObject[]; readonly after: readonly KubeObject[] } {
  const all = VALIDATORS.map((each) => {
    const { key, webhook } = each;
    const certificate = certificates[key];
    const served = { key, webhook, component: "destination", values, certificate } as const;
    return { ...each, served };
  });
  return {
    before: all.flatMap(({ served, port }) => [
      ...webhookSecret(served),
      webhookService(served, port),
    ]),
    after: all.map(({ key, served, rules }) => {
      const { namespaceSelector } = values[key];
      return webhookConfiguration(served, { rules, namespaceSelector });
    }),
  };
}

function mountOf(flag: string): string {
  return `/var/run/linkerd/${flag}-tls`;
}
