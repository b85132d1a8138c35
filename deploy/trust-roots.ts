/** The trust anchors as everybody in the control plane's namespace reads them. */

import type { ConfigMap, Volume } from "#lib/k8s/types/core.ts";
import { createdBy, labelsOf } from "./marks.ts";
import type { Values } from "./values.ts";

const NAME = "linkerd-identity-trust-roots";

/** The anchors as files of a controller. */
export const TRUST_ROOTS_MOUNT: { readonly volume: Volume; readonly mountPath: string } = {
  volume: { name: "trust-roots", configMap: { name: NAME } },
  mountPath: "/var/run/linkerd/identity/trust-roots",
};

/** The ConfigMap with `ca-bundle.crt`. */
export function trustRoots(values: Values, anchorsPem: string): ConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: NAME,
      namespace: values.namespace,
      labels: labelsOf("identity", values),
      annotations: createdBy(values),
    },
    data: { "ca-bundle.crt": anchorsPem },
  };
}
