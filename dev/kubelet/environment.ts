/** A container's environment: its variables, with references followed and `$(NAME)` replaced. Pure. */

import type { ConfigMap, Container, EnvVar, Pod, Secret } from "#lib/k8s/types/core.ts";
import type { Addresses } from "./cni.ts";

/** What variables may refer to. */
export type EnvironmentSource = {
  readonly pod: Pod;
  /** Addresses of the pod and of its node, one for each family, the primary one first. */
  readonly podIps: Addresses;
  readonly nodeIps: Addresses;
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
};

type Variables = Record<string, string>;

/** Builds the variables in order, so that later ones may use earlier ones. Throws where a reference leads nowhere. */
export function buildEnvironment(
  container: Container,
  source: EnvironmentSource,
  base: Readonly<Variables> = {},
): Variables {
  const variables: Variables = { ...base };
  for (const { configMapRef, secretRef, prefix = "" } of container.envFrom ?? []) {
    const data = configMapRef?.name
      ? source.configMap(configMapRef.name)?.data
      : decoded(source.secret(secretRef?.name ?? "")?.data);
    for (const [name, value] of Object.entries(data ?? {})) variables[prefix + name] = value;
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, { source, container });
    if (value !== undefined) variables[variable.name] = expand(value, variables);
  }
  return variables;
}

/** Replaces `$(NAME)` where NAME is known; `$$(NAME)` is a literal (Kubernetes' rule). */
export function expand(text: string, variables: Readonly<Variables>): string {
  return text.replace(/\$(\$|\(([^()$]+)\))/g, (whole, after: string, name: string | undefined) => {
    if (after === "$") return "$";
    return (name === undefined ? undefined : variables[name]) ?? whole;
  });
}

type Context = { readonly source: EnvironmentSource; readonly container: Container };

function variableValue(
  { name, value, valueFrom }: EnvVar,
  { source, container }: Context,
): string | undefined {
  if (valueFrom === undefined) return value ?? "";
  const { fieldRef, configMapKeyRef, secretKeyRef, resourceFieldRef } = valueFrom;
  if (fieldRef !== undefined) return fieldOf(fieldRef.fieldPath, source);
  if (resourceFieldRef !== undefined) return resourceOf(resourceFieldRef.resource, container);
  const reference = configMapKeyRef ?? secretKeyRef;
  const data = configMapKeyRef
    ? source.configMap(configMapKeyRef.name ?? "")?.data
    : decoded(source.secret(secretKeyRef?.name ?? "")?.data);
  const found = data?.[reference?.key ?? ""];
  if (found !== undefined || reference?.optional === true) return found;
  throw new Error(`Cannot set ${name}: no key ${reference?.key} in ${reference?.name}`);
}

/** A field of the downward API: `metadata.labels['app']`, `status.podIP`. Throws for any other. */
export function fieldOf(
  path: string,
  { pod, podIps, nodeIps }: Pick<EnvironmentSource, "pod" | "podIps" | "nodeIps">,
): string {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed !== null)
    return metadata?.[keyed[1] as "labels" | "annotations"]?.[keyed[2] ?? ""] ?? "";
  switch (path) {
    case "metadata.name":
    case "metadata.namespace":
    case "metadata.uid":
      return metadata?.[path.slice("metadata.".length) as "name" | "namespace" | "uid"] ?? "";
    case "metadata.labels":
    case "metadata.annotations":
      return pairs(metadata?.[path.slice("metadata.".length) as "labels" | "annotations"]);
    case "spec.nodeName":
      return spec?.nodeName ?? "";
    case "spec.serviceAccountName":
      return spec?.serviceAccountName ?? "default";
    case "status.podIP":
      return podIps[0];
    case "status.podIPs":
      return podIps.join(",");
    case "status.hostIP":
      return nodeIps[0];
    case "status.hostIPs":
      return nodeIps.join(",");
    default:
      throw new Error(`Cannot read field ${path}: the downward API has none of that name`);
  }
}

const pairs = (record: Readonly<Variables> = {}): string =>
  Object.entries(record)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
    .join("");

function resourceOf(name: string, { resources }: Container): string {
  const [kind = "", resource = ""] = name.split(".");
  const amounts = kind === "limits" ? resources?.limits : resources?.requests;
  const text = amounts?.[resource] ?? "0";
  if (!text.endsWith("m")) return String(Math.ceil(Number.parseFloat(text)));
  return String(Math.ceil(Number.parseInt(text, 10) / 1000));
}

const decoded = (data: Readonly<Variables> | undefined): Variables =>
  Object.fromEntries(
    Object.entries(data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, "base64").toString(),
    ]),
  );
