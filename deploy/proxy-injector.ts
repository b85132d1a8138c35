/** The injector: its webhook, and what serves it. */

import { OPAQUE_PORTS } from "#lib/k8s/annotations.ts";
import type { MutatingWebhookConfiguration } from "#lib/k8s/types/admission.ts";
import type { Secret } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { INJECTOR, renewalLease } from "#lib/k8s/webhooks.ts";
import type { Certificates } from "./certificates.ts";
import { controllerService, controllerWorkload } from "./controller.ts";
import { encoded } from "./identity.ts";
import { createdBy, labelsOf } from "./marks.ts";
import { account, type Rule, WATCH } from "./rbac.ts";
import { TRUST_ROOTS_MOUNT } from "./trust-roots.ts";
import type { Values } from "./values.ts";

const NAME = INJECTOR.name;
const PORT = { name: "proxy-injector", port: 8443, webhook: true };
const SERVICE_PORT = 443;

/** What the replica that holds the Lease needs to renew the webhook's certificate: these objects and no others. */
const ONE = { verbs: ["get", "update"] } as const;
const RENEWAL: readonly Rule[] = [
  { ...ONE, group: "", resources: ["secrets"], names: [INJECTOR.secret] },
  { ...ONE, group: "coordination.k8s.io", resources: ["leases"], names: [renewalLease(NAME)] },
  // What is created has no name yet.
  { group: "coordination.k8s.io", resources: ["leases"], verbs: ["create"] },
];

/** Its objects: the account's come first, the webhook last, when somebody serves it. */
export function renderProxyInjector(values: Values, certificates: Certificates): KubeObject[] {
  const { namespace } = values;
  const component = "proxy-injector";
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
        {
          ...ONE,
          group: "admissionregistration.k8s.io",
          resources: ["mutatingwebhookconfigurations"],
          names: [INJECTOR.configuration.name],
        },
      ],
      local: RENEWAL,
    }),
    tlsSecret(values, certificates),
    controllerService(NAME, {
      values,
      component,
      port: { name: PORT.name, port: SERVICE_PORT, targetPort: PORT.port },
      annotations: { [OPAQUE_PORTS]: String(SERVICE_PORT) },
    }),
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
          {
            volume: { name: "tls", secret: { secretName: INJECTOR.secret } },
            mountPath: "/var/run/linkerd/tls",
          },
        ],
        // The API server's TLS is the webhook's own: no proxy needs to look into it.
        annotations: { [OPAQUE_PORTS]: String(PORT.port) },
      },
      values,
    ),
    webhook(values, certificates),
  ];
}

function tlsSecret(values: Values, { proxyInjector }: Certificates): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: INJECTOR.secret,
      namespace: values.namespace,
      labels: labelsOf("proxy-injector", values),
      annotations: createdBy(values),
    },
    type: "kubernetes.io/tls",
    data: encoded({
      "tls.crt": proxyInjector.crtPem,
      "tls.key": proxyInjector.keyPem,
      "ca.crt": proxyInjector.caPem,
    }),
  };
}

/** INJ1 and INJ5. */
function webhook(values: Values, { proxyInjector }: Certificates): MutatingWebhookConfiguration {
  const { namespaceSelector, objectSelector, timeoutSeconds } = values.proxyInjector;
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: {
      name: INJECTOR.configuration.name,
      labels: labelsOf("proxy-injector", values),
      annotations: createdBy(values),
    },
    webhooks: [
      {
        name: `${NAME}.linkerd.io`,
        namespaceSelector: { matchExpressions: requirements(namespaceSelector) },
        objectSelector: { matchExpressions: requirements(objectSelector) },
        clientConfig: {
          service: { name: NAME, namespace: values.namespace, path: "/" },
          caBundle: Buffer.from(proxyInjector.caPem).toString("base64"),
        },
        failurePolicy: values.webhookFailurePolicy,
        admissionReviewVersions: ["v1"],
        rules: [
          {
            operations: ["CREATE"],
            apiGroups: [""],
            apiVersions: ["v1"],
            resources: ["pods", "services"],
            scope: "Namespaced",
          },
        ],
        sideEffects: "None",
        timeoutSeconds,
      },
    ],
  };
}

type Selector = Values["proxyInjector"]["objectSelector"];

const requirements = ({ matchExpressions }: Selector) =>
  matchExpressions.map(({ values, ...rest }) => ({
    ...rest,
    ...(values && { values: [...values] }),
  }));
