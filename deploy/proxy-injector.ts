/** The injector: its webhook, and what serves it. */

import { OPAQUE_PORTS } from "#lib/k8s/annotations.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { INJECTOR } from "#lib/k8s/webhooks.ts";
import type { Certificates } from "./certificates.ts";
import { controllerWorkload } from "./controller.ts";
import { labelsOf } from "./marks.ts";
import { account, WATCH } from "./rbac.ts";
import { TRUST_ROOTS_MOUNT } from "./trust-roots.ts";
import type { Values } from "./values.ts";
import {
  renewalRights,
  type ServedWebhook,
  secretVolume,
  webhookConfiguration,
  webhookSecret,
  webhookService,
} from "./webhook.ts";

const NAME = INJECTOR.name;
const PORT = { name: "proxy-injector", port: 8443, webhook: true };

/** Its objects: the account's come first, the webhook last, when somebody serves it. */
export function renderProxyInjector(
  values: Values,
  { proxyInjector: certificate }: Pick<Certificates, "proxyInjector">,
): KubeObject[] {
  const { namespace } = values;
  const component = "proxy-injector";
  const served: ServedWebhook = {
    ...{ key: "proxyInjector", webhook: INJECTOR },
    ...{ component, values, certificate },
  };
  const renewal = renewalRights(NAME, [INJECTOR]);
  return [
    ...account({
      name: NAME,
      namespace,
      clusterName: `linkerd-${namespace}-proxy-injector`,
      labels: labelsOf(component, values),
      cluster: [
        { group: "", resources: ["namespaces"], verbs: WATCH },
        { group: "", resources: ["events"], verbs: ["create", "patch"] },
        // For its uid: events on a Deployment are found by that.
        { group: "apps", resources: ["deployments"], verbs: ["get"] },
        ...renewal.cluster,
      ],
      local: renewal.local,
    }),
    ...webhookSecret(served),
    webhookService(served, PORT),
    ...controllerWorkload(
      {
        component,
        args: [`-addr=:${PORT.port}`, "-metrics-addr=:9995", `-linkerd-namespace=${namespace}`],
        ports: [PORT],
        adminPort: 9995,
        volumes: [
          {
            volume: { name: "config", configMap: { name: "linkerd-config" } },
            mountPath: "/var/run/linkerd/config",
          },
          TRUST_ROOTS_MOUNT,
          secretVolume("tls", { webhook: INJECTOR, mountPath: "/var/run/linkerd/tls" }),
        ],
        // The API server's TLS is the webhook's own: no proxy needs to look into it.
        annotations: { [OPAQUE_PORTS]: String(PORT.port) },
      },
      values,
    ),
    configuration(served),
  ];
}

/** INJ1 and INJ5. */
function configuration(served: ServedWebhook): KubeObject {
  const { namespaceSelector, objectSelector, timeoutSeconds } = served.values.proxyInjector;
  return webhookConfiguration(served, {
    ...{ namespaceSelector, objectSelector, timeoutSeconds },
    rules: [
      {
        operations: ["CREATE"],
        apiGroups: [""],
        apiVersions: ["v1"],
        resources: ["pods", "services"],
        scope: "Namespaced",
      },
    ],
  });
}
