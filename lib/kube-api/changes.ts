/** What an update keeps of the object that it replaces, and the checks around it. */

import { ApiError, invalid, qualified } from "./api-error.ts";
import { type ApiResource, groupVersion } from "./kinds.ts";
import type { DeleteOptions } from "./lifecycle.ts";
import { type ApiObject, copy, sameJson } from "./object.ts";
import type { Place } from "./store.ts";

/** Where an object of a kind is kept. */
export function placeOf(resource: ApiResource, { metadata }: ApiObject): Place {
  return {
    table: qualified(resource),
    namespace: resource.namespaced ? (metadata.namespace ?? "") : "",
    name: metadata.name ?? "",
  };
}

/** The sent object with what a client may not change taken from the current one. */
export function carryOver(update: {
  readonly resource: ApiResource;
  readonly sent: ApiObject;
  readonly current: ApiObject;
  readonly subresource: string;
}): ApiObject {
  const { resource, current, subresource } = update;
  const sent = copy(update.sent);
  if (subresource === "status") {
    const { resourceVersion, managedFields } = sent.metadata;
    const metadata = {
      ...copy(current.metadata),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(managedFields !== undefined && { managedFields }),
    };
    return { ...copy(current), status: sent["status"], metadata };
  }
  sent.apiVersion = groupVersion(resource);
  sent.kind = resource.kind;
  keepMetadata(sent, current);
  if (resource.subresources.includes("status")) {
    delete sent["status"];
    if (current["status"] !== undefined) sent["status"] = copy(current["status"]);
  }
  if (resource.kind === "Namespace" && subresource !== "finalize" && current["spec"] !== undefined)
    sent["spec"] = copy(current["spec"]);
  return sent;
}

function keepMetadata({ metadata }: ApiObject, current: ApiObject): void {
  const kept = current.metadata;
  for (const name of ["uid", "creationTimestamp", "generation", "namespace"] as const)
    Object.assign(metadata, kept[name] === undefined ? {} : { [name]: kept[name] });
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  if (kept.deletionTimestamp !== undefined) {
    metadata.deletionTimestamp = kept.deletionTimestamp;
    metadata.deletionGracePeriodSeconds = kept.deletionGracePeriodSeconds ?? 0;
  }
  metadata.managedFields ??= copy(kept.managedFields ?? []);
}

/** Counts the generation up where anything but metadata and status has changed. */
export function advance(object: ApiObject, current: ApiObject): ApiObject {
  if (current.metadata.generation === undefined) return object;
  const essence = ({ metadata: _, status: __, ...rest }: ApiObject): unknown => rest;
  const changed = !sameJson(essence(object), essence(current));
  const generation = current.metadata.generation + (changed ? 1 : 0);
  return { ...object, metadata: { ...object.metadata, generation } };
}

/** Whether a write would change nothing; versions and times of field owners do not count. */
export function unchanged(object: ApiObject, current: ApiObject): boolean {
  return sameJson(essential(object), essential(current));
}

function essential(object: ApiObject): unknown {
  const { resourceVersion: _, managedFields, ...metadata } = object.metadata;
  const owners = (managedFields ?? []).map(({ time: __, ...owner }) => owner);
  return { ...object, metadata: { ...metadata, owners } };
}

/** Whether a deleted object has nothing left to wait for. */
export function isFinished(object: ApiObject): boolean {
  const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = object.metadata;
  if (deletionTimestamp === undefined || (finalizers?.length ?? 0) > 0) return false;
  if ((deletionGracePeriodSeconds ?? 0) > 0) return false;
  const spec = object["spec"] as { readonly finalizers?: readonly string[] } | undefined;
  return object.kind !== "Namespace" || (spec?.finalizers?.length ?? 0) === 0;
}

/** The refusal of a write that another one overtook. */
export function conflict(resource: ApiResource, name: string): ApiError {
  return new ApiError(
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    { details: { name, group: resource.group, kind: resource.plural } },
  );
}

/** The refusal of a name that is taken. */
export function alreadyExists(resource: ApiResource, name: string): ApiError {
  return new ApiError("AlreadyExists", `${qualified(resource)} "${name}" already exists`, {
    details: { name, group: resource.group, kind: resource.plural },
  });
}

const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Names are DNS subdomains; those of RBAC may hold anything that fits a path. */
export function checkName(resource: ApiResource, name: string): void {
  const valid =
    resource.group === "rbac.authorization.k8s.io" ? !/[/%]/.test(name) : DNS_NAME.test(name);
  if (valid && name.length <= 253) return;
  const message = `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`;
  throw invalid(resource, name, { field: "metadata.name", message });
}

/** Refuses a deletion that means another object than the one that is there. */
export function checkPreconditions(
  resource: ApiResource,
  current: ApiObject,
  { preconditions }: DeleteOptions,
): void {
  const { uid, resourceVersion } = current.metadata;
  const other =
    (preconditions?.uid !== undefined && preconditions.uid !== uid) ||
    (preconditions?.resourceVersion !== undefined &&
      preconditions.resourceVersion !== resourceVersion);
  if (other) throw conflict(resource, current.metadata.name ?? "");
}
