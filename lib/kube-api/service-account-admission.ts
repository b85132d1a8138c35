/** The ServiceAccount admission plugin: gives pods their account's token as a projected volume. */

import { ApiError } from "./api-error.ts";
import { type ApiObject, copy, fieldsOf, listOf, textAt } from "./object.ts";
import type { Store } from "./store.ts";

/** Where containers find their token. */
export const TOKEN_DIRECTORY: string = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The kubelet renews a token that is asked for with this life long before. */
const TOKEN_SECONDS = 3607;

/** The pod with its token volume mounted. Throws Forbidden where the account does not exist. */
export function giveToken(
  pod: ApiObject,
  how: { readonly store: Store; readonly suffix: string },
): ApiObject {
  const result = copy(pod);
  const spec = fieldsOf(result["spec"]);
  const namespace = pod.metadata.namespace ?? "";
  const name = textAt(spec, "serviceAccountName") ?? "default";
  const account = how.store.get({ table: "serviceaccounts", namespace, name });
  if (account === undefined)
    throw new ApiError(
      "Forbidden",
      `pods "${pod.metadata.name}" is forbidden: error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
      { details: { name: pod.metadata.name, kind: "pods" } },
    );
  if (spec["imagePullSecrets"] === undefined && account["imagePullSecrets"] !== undefined)
    spec["imagePullSecrets"] = copy(account["imagePullSecrets"]);
  const automounts =
    spec["automountServiceAccountToken"] ?? account["automountServiceAccountToken"] ?? true;
  if (automounts !== true) return result;
  const volumes = listOf(spec["volumes"]);
  const existing = volumes.find((volume) => String(volume["name"]).startsWith("kube-api-access-"));
  const volumeName = textAt(existing, "name") ?? `kube-api-access-${how.suffix}`;
  let used = false;
  for (const container of [...listOf(spec["initContainers"]), ...listOf(spec["containers"])]) {
    const mounts = listOf(container["volumeMounts"]);
    if (mounts.some((mount) => mount["mountPath"] === TOKEN_DIRECTORY)) continue;
    container["volumeMounts"] = [
      ...mounts,
      { name: volumeName, readOnly: true, mountPath: TOKEN_DIRECTORY },
    ];
    used = true;
  }
  if (used && existing === undefined) spec["volumes"] = [...volumes, tokenVolume(volumeName)];
  return result;
}

function tokenVolume(name: string): Record<string, unknown> {
  const sources = [
    { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: {
        items: [
          { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } },
        ],
      },
    },
  ];
  return { name, projected: { sources, defaultMode: 0o644 } };
}
