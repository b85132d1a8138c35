/** The four kinds of patches. */

import jsonPatch from "fast-json-patch";
import { ApiError } from "./api-error.ts";
import { type ApiResource, groupVersion } from "./kinds.ts";
import { type ApplyOptions, applyNew, applyTo } from "./managed-fields.ts";
import { builtInLists } from "./merge-keys.ts";
import { type ApiObject, copy, isFields } from "./object.ts";
import { mergePatch, strategicPatch } from "./strategic.ts";

/** A patch as it was sent. */
export interface PatchRequest {
  readonly type: "json" | "merge" | "strategic" | "apply";
  readonly body: unknown;
  readonly force?: boolean;
  readonly fieldManager?: string;
}

/** Content types of patches. */
export const PATCH_TYPES: Readonly<Record<string, PatchRequest["type"]>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

/** The object after the patch; `apply` says what a server-side apply takes over. */
export function applyPatch(
  resource: ApiResource,
  request: {
    readonly current: ApiObject | undefined;
    readonly patch: PatchRequest;
    readonly subresource: string;
  },
): { readonly object: ApiObject; readonly apply?: ApplyOptions } {
  const { current, patch } = request;
  if (patch.type === "apply") return serverSide(resource, request);
  const before = copy(current ?? { metadata: {} });
  if (patch.type === "json") return { object: checked(jsonPatched(before, patch.body)) };
  if (!isFields(patch.body)) throw new ApiError("BadRequest", "the patch is no JSON object");
  if (patch.type === "merge") return { object: checked(mergePatch(before, patch.body)) };
  const how = { lists: builtInLists(resource.kind), path: [] };
  return { object: checked(strategicPatch(before, patch.body, how)) };
}

function serverSide(
  resource: ApiResource,
  {
    current,
    patch,
    subresource,
  }: {
    readonly current: ApiObject | undefined;
    readonly patch: PatchRequest;
    readonly subresource: string;
  },
): { readonly object: ApiObject; readonly apply: ApplyOptions } {
  const manager = patch.fieldManager;
  if (!manager)
    throw new ApiError(
      "Invalid",
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  const config = checked(copy(patch.body));
  if (config.apiVersion !== groupVersion(resource) || config.kind !== resource.kind)
    throw new ApiError(
      "BadRequest",
      `the applied object is ${config.apiVersion}, Kind=${config.kind}, not ${groupVersion(resource)}, Kind=${resource.kind}`,
    );
  if (config.metadata.managedFields?.length)
    throw new ApiError("BadRequest", "metadata.managedFields must be nil");
  if (current === undefined) return { object: config, apply: applyNew(resource, config, manager) };
  return applyTo(resource, current, { config, manager, force: patch.force === true, subresource });
}

function jsonPatched(before: ApiObject, body: unknown): unknown {
  if (!Array.isArray(body)) throw new ApiError("BadRequest", "the JSON patch is no list");
  try {
    return jsonPatch.applyPatch(before, body, true).newDocument;
  } catch (error) {
    const told = error instanceof Error ? error.message.split("\n", 1)[0] : "";
    throw new ApiError(
      "Invalid",
      `the server rejected our request due to an error in our request: ${told}`,
    );
  }
}

function checked(value: unknown): ApiObject {
  if (!isFields(value)) throw new ApiError("BadRequest", "the object is no JSON object");
  if (!isFields(value["metadata"])) value["metadata"] = {};
  return value as ApiObject;
}
