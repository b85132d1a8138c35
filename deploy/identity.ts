/** The identity service: the only one that reads the issuer's key. */

import type { Secret } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Certificates } from "./certificates.ts";
import { controllerService, controllerWorkload } from "./controller.ts";
import { createdBy, labelsOf } from "./marks.ts";
import { account } from "./rbac.ts";
import { TRUST_ROOTS_MOUNT } from "./trust-roots.ts";
import type { Values } from "./values.ts";

const ISSUER = "linkerd-identity-issuer";
const PORT = { name: "identity-grpc", port: 8080 };

/** Anchors, and the issuer unless others write its Secret. */
type Authority = Pick<Certificates, "anchorsPem" | "issuer">;

/** Its objects; the account's come first. */
export function renderIdentity(values: Values, certificates: Authority): KubeObject[] {
  const { namespace, identity, identityTrustDomain } = values;
  const { issuer } = identity;
  const port = { name: "grpc", port: PORT.port, targetPort: PORT.port };
  const service = { values, component: "identity", port } as const;
  return [
    ...account({
      name: "linkerd-identity",
      namespace,
      clusterName: `linkerd-${namespace}-identity`,
      labels: labelsOf("identity", values),
      cluster: [
        { group: "authentication.k8s.io", resources: ["tokenreviews"], verbs: ["create"] },
        // On the accounts that have certificates, in their namespaces.
        { group: "", resources: ["events"], verbs: ["create", "patch"] },
      ],
      // For its own uid: events on it are found by that.
      local: [{ group: "apps", resources: ["deployments"], verbs: ["get"] }],
    }),
    ...issuerSecret(values, certificates),
    controllerService("linkerd-identity", service),
    controllerService("linkerd-identity-headless", { ...service, headless: true }),
    ...controllerWorkload(
      {
        component: "identity",
        args: [
          `-addr=:${PORT.port}`,
          "-admin-addr=:9990",
          `-controller-namespace=${namespace}`,
          `-identity-trust-domain=${identityTrustDomain}`,
          `-identity-issuance-lifetime=${issuer.issuanceLifetime}`,
          `-identity-clock-skew-allowance=${issuer.clockSkewAllowance}`,
          `-identity-scheme=${issuer.scheme}`,
        ],
        ports: [PORT],
        adminPort: 9990,
        volumes: [
          {
            volume: { name: "identity-issuer", secret: { secretName: ISSUER } },
            mountPath: "/var/run/linkerd/identity/issuer",
          },
          TRUST_ROOTS_MOUNT,
        ],
      },
      values,
    ),
  ];
}

function issuerSecret(values: Values, { issuer, anchorsPem }: Authority): Secret[] {
  if (issuer === undefined) return [];
  const { scheme } = values.identity.issuer;
  const isKubernetes = scheme === "kubernetes.io/tls";
  const texts: Record<string, string> = isKubernetes
    ? {
        ...{ "tls.crt": issuer.crtPem, "tls.key": issuer.keyPem },
        ...(!values.identity.externalCA && { "ca.crt": anchorsPem }),
      }
    : { "crt.pem": issuer.crtPem, "key.pem": issuer.keyPem };
  const secret: Secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: ISSUER,
      namespace: values.namespace,
      labels: labelsOf("identity", values),
      annotations: createdBy(values),
    },
    ...(isKubernetes && { type: scheme }),
    data: encoded(texts),
  };
  return [secret];
}

/** A Secret's data: base64. */
export function encoded(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  );
}
