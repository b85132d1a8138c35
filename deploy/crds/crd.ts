/** A CustomResourceDefinition out of what matters about it. */

import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { fields, type Schema } from "./schema.ts";

/** One version of a kind. */
export type Version = {
  readonly name: string;
  readonly spec: Schema;
  readonly deprecated?: boolean;
  /** Column titles and the paths of their values. */
  readonly columns?: Readonly<Record<string, string>>;
};

/** A kind and its versions, oldest first; the last one is stored. */
export type Kind = {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly status?: Schema;
  readonly versions: readonly Version[];
};

/** The definition as it is applied. */
export function customResource(
  { group, kind, plural, shortNames, status, versions }: Kind,
  labels: Readonly<Record<string, string>>,
): KubeObject {
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, labels: { ...labels } },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), ...(shortNames && { shortNames }) },
      versions: versions.map((version, index) => ({
        name: version.name,
        served: true,
        storage: index === versions.length - 1,
        ...(version.deprecated === true && {
          deprecated: true,
          deprecationWarning: `${group}/${version.name} ${kind} is deprecated; use ${group}/${versions.at(-1)?.name} ${kind}`,
        }),
        ...(status && { subresources: { status: {} } }),
        schema: {
          openAPIV3Schema: {
            ...fields({
              apiVersion: { type: "string" },
              kind: { type: "string" },
              metadata: { type: "object" },
              "spec!": version.spec,
              ...(status && { status }),
            }),
          },
        },
        ...(version.columns && { additionalPrinterColumns: columns(version.columns) }),
      })),
    },
  };
  return definition;
}

function columns(of: Readonly<Record<string, string>>): object[] {
  return Object.entries(of).map(([name, jsonPath]) => ({
    name,
    jsonPath,
    type: jsonPath === ".metadata.creationTimestamp" ? "date" : "string",
  }));
}
