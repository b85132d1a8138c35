/** Every kind that is served: the built-in ones, and those of CustomResourceDefinitions. */

import { type ApiResource, BUILT_IN, groupVersion } from "./kinds.ts";
import { type ApiObject, at, type Fields, listOf, stringsOf, textAt } from "./object.ts";
import { compileSchema, type ObjectSchema } from "./schema.ts";
import type { Store } from "./store.ts";

/** A column that a CustomResourceDefinition adds to tables. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly priority: number;
}

/** A kind of a CustomResourceDefinition, in one version. */
export interface CustomKind extends ApiResource {
  readonly schema: ObjectSchema;
  readonly columns: readonly PrinterColumn[];
  readonly statusReplicasPath: string;
}

/** Looks kinds up; it follows the definitions in the store. */
export class Catalog {
  #custom = new Map<string, readonly CustomKind[]>();

  constructor(store: Store) {
    store.subscribe(({ type, table, object }) => {
      if (table !== "customresourcedefinitions.apiextensions.k8s.io") return;
      const name = object.metadata.name ?? "";
      if (type === "DELETED") this.#custom.delete(name);
      else this.#custom.set(name, kindsOf(object));
    });
  }

  /** All kinds, built-in first. */
  all(): readonly ApiResource[] {
    return [...BUILT_IN, ...[...this.#custom.values()].flat()];
  }

  find(place: {
    readonly group: string;
    readonly version: string;
    readonly plural: string;
  }): ApiResource | undefined {
    const { group, version, plural } = place;
    return this.all().find(
      (kind) => kind.plural === plural && kind.group === group && kind.version === version,
    );
  }

  /** The kind of an owner reference. */
  ofKind(apiVersion: string, kind: string): ApiResource | undefined {
    return this.all().find((each) => each.kind === kind && groupVersion(each) === apiVersion);
  }

  /** `undefined` for built-in kinds. */
  custom(resource: ApiResource): CustomKind | undefined {
    const definition = `${resource.plural}.${resource.group}`;
    return this.#custom.get(definition)?.find(({ version }) => version === resource.version);
  }
}

/** A definition with the status that the server gives it at once, and its names filled in. */
export function establish(definition: ApiObject, now: string): ApiObject {
  const spec = (definition["spec"] ?? {}) as Fields;
  const names = (spec["names"] ?? {}) as Fields;
  const kind = textAt(names, "kind") ?? "";
  const full = {
    ...names,
    singular: names["singular"] ?? kind.toLowerCase(),
    listKind: names["listKind"] ?? `${kind}List`,
  };
  const condition = (type: string, reason: string): Fields => ({
    type,
    status: "True",
    reason,
    message: type === "Established" ? "the initial names have been accepted" : "no conflicts found",
    lastTransitionTime: now,
  });
  const stored = listOf(spec["versions"]).flatMap((version) =>
    version["storage"] === true ? [version["name"]] : [],
  );
  return {
    ...definition,
    spec: { ...spec, names: full, conversion: spec["conversion"] ?? { strategy: "None" } },
    status: {
      conditions: at(definition, "status", "conditions") ?? [
        condition("NamesAccepted", "NoConflicts"),
        condition("Established", "InitialNamesAccepted"),
      ],
      acceptedNames: full,
      storedVersions: stored,
    },
  };
}

function kindsOf(definition: ApiObject): CustomKind[] {
  const spec = definition["spec"];
  const names = at(spec, "names");
  return listOf(at(spec, "versions"))
    .filter((version) => version["served"] === true)
    .map((version) => ({
      group: textAt(spec, "group") ?? "",
      version: textAt(version, "name") ?? "",
      plural: textAt(names, "plural") ?? "",
      singular: textAt(names, "singular") ?? "",
      kind: textAt(names, "kind") ?? "",
      namespaced: at(spec, "scope") === "Namespaced",
      shortNames: stringsOf(at(names, "shortNames")),
      categories: stringsOf(at(names, "categories")),
      subresources: Object.keys((version["subresources"] ?? {}) as Fields),
      ephemeral: false,
      schema: compileSchema(at(version, "schema", "openAPIV3Schema")),
      statusReplicasPath: textAt(version, "subresources", "scale", "statusReplicasPath") ?? "",
      columns: listOf(version["additionalPrinterColumns"]).map((column) => ({
        name: textAt(column, "name") ?? "",
        type: textAt(column, "type") ?? "string",
        jsonPath: textAt(column, "jsonPath") ?? "",
        priority: Number(column["priority"] ?? 0),
      })),
    }));
}
