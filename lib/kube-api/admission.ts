/** Everything that is decided about an object before it is stored: defaults, built-in plugins, webhooks, schemas. */

import { ApiError, invalid, notFound } from "./api-error.ts";
import { type Catalog, establish } from "./catalog.ts";
import { withDefaults } from "./defaults.ts";
import { type ApiObject, at, textAt, timestamp } from "./object.ts";
import type { Admission, AdmissionRequest } from "./requests.ts";
import { giveToken } from "./service-account-admission.ts";
import { addressService, type LastGiven } from "./service-addresses.ts";
import type { Store } from "./store.ts";
import type { Webhooks } from "./webhooks.ts";

/** What admission needs. */
export interface AdmissionOptions {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly webhooks: Webhooks;
  readonly serviceCidrs: readonly string[];
  /** Five letters for the name of a token volume. */
  readonly suffix: () => string;
  readonly wall: () => number;
}

/** Creates the admission chain. */
export function createAdmission(options: AdmissionOptions): Admission {
  const { store, catalog, webhooks } = options;
  const last: LastGiven = new Map();
  return {
    complete: (resource, object, previous) => {
      const custom = catalog.custom(resource);
      if (custom !== undefined) return custom.schema.complete(object) as ApiObject;
      const full = withDefaults(object);
      if (resource.kind === "CustomResourceDefinition")
        return establish(full, timestamp(options.wall()));
      if (resource.kind === "Service" && resource.group === "")
        return addressService(full, { store, cidrs: options.serviceCidrs, previous, last });
      return full;
    },
    mutate: async (request) => {
      checkNamespace(request, store);
      const object = plugins(request, options);
      return await webhooks.mutate({ ...request, object });
    },
    validate: async (request) => {
      const { object, resource } = request;
      const custom = catalog.custom(resource);
      const found = object === undefined ? [] : (custom?.schema.check(object) ?? []);
      // A status is checked by itself: the rest is as it was.
      const isStatus = request.subresource === "status";
      const causes = found.filter(({ field }) => !isStatus || /^status\b/.test(field));
      if (causes.length > 0) throw invalid(resource, request.name, ...causes);
      checkBuiltIn(request);
      await webhooks.validate(request);
    },
  };
}

function plugins(request: AdmissionRequest, options: AdmissionOptions): ApiObject {
  const object = request.object ?? { metadata: {} };
  const isNewPod =
    request.resource.kind === "Pod" && request.operation === "CREATE" && request.subresource === "";
  return isNewPod ? giveToken(object, { store: options.store, suffix: options.suffix() }) : object;
}

function checkNamespace(
  { operation, resource, namespace, name }: AdmissionRequest,
  store: Store,
): void {
  if (operation !== "CREATE" || !resource.namespaced) return;
  const found = store.get({ table: "namespaces", namespace: "", name: namespace });
  if (found === undefined) throw notFound({ group: "", plural: "namespaces" }, namespace);
  if (found.metadata.deletionTimestamp !== undefined)
    throw new ApiError(
      "Forbidden",
      `${resource.plural} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
      {
        details: {
          name,
          kind: resource.plural,
          causes: [
            {
              reason: "NamespaceTerminating",
              message: `namespace ${namespace} is being terminated`,
              field: "metadata.namespace",
            },
          ],
        },
      },
    );
}

/** The rules of built-in kinds that clients meet in practice. */
function checkBuiltIn({ object, previous, resource, name, operation }: AdmissionRequest): void {
  if (object === undefined) {
    if (resource.kind === "Namespace" && ["default", "kube-system", "kube-public"].includes(name))
      throw new ApiError(
        "Forbidden",
        `namespaces "${name}" is forbidden: this namespace may not be deleted`,
      );
    return;
  }
  if (resource.group === "apps" && resource.subresources.includes("status"))
    checkSelector({ object, previous, resource, name, operation });
  if (resource.kind === "Pod") {
    const containers = at(object, "spec", "containers");
    if (!Array.isArray(containers) || containers.length === 0)
      throw invalid(resource, name, { field: "spec.containers", message: "Required value" });
  }
}

function checkSelector({
  object,
  previous,
  resource,
  name,
}: Pick<AdmissionRequest, "object" | "previous" | "resource" | "name" | "operation">): void {
  const selector = at(object, "spec", "selector");
  if (selector === undefined)
    throw invalid(resource, name, { field: "spec.selector", message: "Required value" });
  const before = at(previous, "spec", "selector");
  if (before !== undefined && JSON.stringify(before) !== JSON.stringify(selector))
    throw invalid(resource, name, {
      field: "spec.selector",
      message: "Invalid value: field is immutable",
    });
  const labels = (at(object, "spec", "template", "metadata", "labels") ?? {}) as Record<
    string,
    unknown
  >;
  const wanted = (at(selector, "matchLabels") ?? {}) as Record<string, unknown>;
  if (Object.entries(wanted).some(([key, value]) => labels[key] !== value))
    throw invalid(resource, name, {
      field: "spec.template.metadata.labels",
      message: `Invalid value: ${textAt(object, "metadata", "name") ?? ""}: \`selector\` does not match template \`labels\``,
    });
}
