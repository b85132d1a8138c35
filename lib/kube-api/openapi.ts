/** OpenAPI, as far as clients insist on it: an index and, per group and version, the kinds with open schemas. */

import { type ApiResource, groupVersion } from "./kinds.ts";
import type { Fields } from "./object.ts";

/** Old clients want version 2 as protobuf; an empty document is a valid one. */
export const OPENAPI_V2: { readonly contentType: string; readonly body: Uint8Array } = {
  contentType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
  body: new Uint8Array(0),
};

/** The document at `/openapi/v3…`; undefined where there is none. */
export function openApiV3(path: string, kinds: readonly ApiResource[]): Fields | undefined {
  const rootOf = (kind: ApiResource): string =>
    `${kind.group === "" ? "api" : "apis"}/${groupVersion(kind)}`;
  const roots = new Set(kinds.map(rootOf));
  const wanted = path.replace(/^\/openapi\/v3\/?/, "");
  if (wanted === "")
    return {
      paths: Object.fromEntries(
        [...roots].map((root) => [root, { serverRelativeURL: `/openapi/v3/${root}?hash=0` }]),
      ),
    };
  if (!roots.has(wanted)) return undefined;
  const own = kinds.filter((kind) => rootOf(kind) === wanted);
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "unversioned" },
    paths: Object.fromEntries(own.flatMap((kind) => pathsOf(kind, `/${wanted}`))),
    components: {
      schemas: Object.fromEntries(own.map((kind) => [schemaName(kind), schemaOf(kind)])),
    },
  };
}

function schemaName({ group, version, kind }: ApiResource): string {
  const domain = group === "" ? "core" : group;
  return `io.k8s.api.${domain}.${version}.${kind}`;
}

function schemaOf({ group, version, kind }: ApiResource): Fields {
  return {
    type: "object",
    "x-kubernetes-group-version-kind": [{ group, version, kind }],
    "x-kubernetes-preserve-unknown-fields": true,
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
    },
  };
}

/** kubectl looks for the parameter `fieldValidation` of PATCH to see whether the server validates. */
function pathsOf(kind: ApiResource, root: string): [string, Fields][] {
  const collection = kind.namespaced
    ? `${root}/namespaces/{namespace}/${kind.plural}`
    : `${root}/${kind.plural}`;
  const { group, version } = kind;
  const operation = {
    "x-kubernetes-group-version-kind": { group, version, kind: kind.kind },
    parameters: ["dryRun", "fieldManager", "fieldValidation"].map((name) => ({
      name,
      in: "query",
      schema: { type: "string" },
    })),
    responses: {
      200: {
        description: "OK",
        content: {
          "application/json": { schema: { $ref: `#/components/schemas/${schemaName(kind)}` } },
        },
      },
    },
  };
  return [
    [collection, { post: operation }],
    [`${collection}/{name}`, { get: operation, put: operation, patch: operation }],
  ];
}
