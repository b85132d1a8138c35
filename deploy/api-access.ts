/** The controllers' own token, not the proxy's: only their container mounts it. */

import type { Volume, VolumeMount } from "#lib/k8s/types/core.ts";

const NAME = "kube-api-access";
const TOKEN_SECONDS = 3607;

/** Where clients look for it. */
export const API_ACCESS_MOUNT: VolumeMount = {
  name: NAME,
  mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
  readOnly: true,
};

/** What the API server's own admission would mount into every container. */
export function apiAccess(): Volume {
  return {
    name: NAME,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { path: "token", expirationSeconds: TOKEN_SECONDS } },
        {
          configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] },
        },
        {
          downwardAPI: {
            items: [
              {
                path: "namespace",
                fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" },
              },
            ],
          },
        },
      ],
    },
  };
}
