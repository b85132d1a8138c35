/** Kubernetes' API document as schemas of single kinds that refuse unknown fields. */

type Tree = Readonly<Record<string, unknown>>;

/** The OpenAPI document, version 2, as far as it is read. */
export type Swagger = { readonly definitions: Readonly<Record<string, Tree>> };

/** A CustomResourceDefinition, as far as it is read. */
export type Definition = {
  readonly spec: {
    readonly group: string;
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Tree };
    }[];
  };
};

type Kind = { readonly group: string; readonly version: string; readonly kind: string };

const INT_OR_TEXT = { anyOf: [{ type: "integer" }, { type: "string" }] };
/** What the document calls a text or a number, and a decoder takes more of. */
const OTHERWISE: Tree = {
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": INT_OR_TEXT,
  "io.k8s.apimachinery.pkg.api.resource.Quantity": INT_OR_TEXT,
};

/** The schema of a kind with all that it refers to. Throws where the document has no such kind. */
export function schemaOfKind({ definitions }: Swagger, { group, version, kind }: Kind): Tree {
  const found = Object.entries(definitions).find(([, definition]) =>
    ((definition["x-kubernetes-group-version-kind"] ?? []) as readonly Kind[]).some(
      (each) => each.group === group && each.version === version && each.kind === kind,
    ),
  );
  if (found === undefined) throw new Error(`Cannot find the schema of ${group}/${version} ${kind}`);
  const needed: Record<string, unknown> = {};
  const add = (name: string): void => {
    if (needed[name] !== undefined) return;
    needed[name] = OTHERWISE[name] ?? strict(definitions[name] ?? {});
    for (const each of refsOf(needed[name])) add(each);
  };
  add(found[0]);
  return { $ref: `#/definitions/${found[0]}`, definitions: needed };
}

/** The schema of a custom resource; what every object has beside it is added. */
export function schemaOfDefinition({ spec }: Definition, version: string): Tree {
  const found = spec.versions.find(({ name }) => name === version);
  if (found === undefined) throw new Error(`Cannot find version ${version} of ${spec.group}`);
  return strict(found.schema.openAPIV3Schema) as Tree;
}

const PREFIX = "#/definitions/";

function refsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(refsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === "$ref" && typeof each === "string" ? [each.slice(PREFIX.length)] : refsOf(each),
  );
}

/** Objects with named fields have no others. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, strict(each)]),
  );
  if (copy["x-kubernetes-int-or-string"] === true) return INT_OR_TEXT;
  const closed =
    copy["type"] === "object" &&
    copy["properties"] !== undefined &&
    copy["additionalProperties"] === undefined;
  return closed ? { ...copy, additionalProperties: false } : copy;
}
