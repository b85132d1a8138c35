/** Calls admission webhooks over HTTPS: the mutating ones in order, then the validating ones. */

import jsonPatch from "fast-json-patch";
import { ApiError } from "./api-error.ts";
import {
  type ApiObject,
  at,
  copy,
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  stringsOf,
  textAt,
} from "./object.ts";
import type { AdmissionRequest } from "./requests.ts";
import { matchesLabels } from "./selectors.ts";
import type { Store } from "./store.ts";

/** Where a webhook is, and whom it must prove to be. */
export interface WebhookTarget {
  readonly service:
    | { readonly namespace: string; readonly name: string; readonly port: number }
    | undefined;
  /** The host of `clientConfig.url`, or `NAME.NAMESPACE.svc`; the certificate must name it. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly caPem: string;
  readonly timeoutMs: number;
}

/** Posts a JSON body and gives the answer's; rejects where no 200 comes in time. */
export type PostWebhook = (target: WebhookTarget, body: string) => Promise<string>;

/** The two phases. */
export interface Webhooks {
  mutate(request: AdmissionRequest): Promise<ApiObject>;
  validate(request: AdmissionRequest): Promise<void>;
}

const GROUP = "admissionregistration.k8s.io";
/** What a refusal without a status of its own is. */
const FIRST_ERROR = 400;

/** Creates the calls; `post` reaches the webhooks. */
export function createWebhooks(options: {
  readonly store: Store;
  readonly post: PostWebhook;
  readonly uid: () => string;
}): Webhooks {
  const { store } = options;
  const hooks = (table: string, request: AdmissionRequest): Fields[] =>
    request.resource.group === GROUP
      ? []
      : store
          .list(`${table}.${GROUP}`)
          .flatMap((configuration) => listOf(configuration["webhooks"]))
          .filter((webhook) => applies(webhook, request, store));
  return {
    mutate: async (request) => {
      let object = request.object ?? { metadata: {} };
      for (const webhook of hooks("mutatingwebhookconfigurations", request)) {
        const response = await call(webhook, { ...request, object }, options);
        if (response?.["patch"] !== undefined) object = patched(object, response, webhook);
      }
      return object;
    },
    validate: async (request) => {
      const all = hooks("validatingwebhookconfigurations", request);
      await Promise.all(all.map((webhook) => call(webhook, request, options)));
    },
  };
}

function applies(webhook: Fields, request: AdmissionRequest, store: Store): boolean {
  const { resource, subresource, operation } = request;
  const plural = subresource === "" ? resource.plural : `${resource.plural}/${subresource}`;
  const has = (list: unknown, value: string): boolean =>
    stringsOf(list).some((each) => each === "*" || each === value);
  const rule = listOf(webhook["rules"]).some(
    (each) =>
      has(each["operations"], operation) &&
      has(each["apiGroups"], resource.group) &&
      has(each["apiVersions"], resource.version) &&
      stringsOf(each["resources"]).some(
        (name) =>
          name === plural ||
          name === "*/*" ||
          (name === "*" && subresource === "") ||
          name === `${resource.plural}/*`,
      ) &&
      [undefined, "*", resource.namespaced ? "Namespaced" : "Cluster"].includes(
        textAt(each, "scope"),
      ),
  );
  if (!rule) return false;
  const object = request.object ?? request.previous;
  if (!matchesLabels(webhook["objectSelector"], object?.metadata.labels)) return false;
  if (!resource.namespaced && resource.kind !== "Namespace") return true;
  const namespace =
    resource.kind === "Namespace"
      ? object
      : store.get({ table: "namespaces", namespace: "", name: request.namespace });
  return matchesLabels(webhook["namespaceSelector"], namespace?.metadata.labels);
}

/** The response of a webhook that allowed the request; undefined where it failed and may be ignored. */
async function call(
  webhook: Fields,
  request: AdmissionRequest,
  options: { readonly post: PostWebhook; readonly uid: () => string },
): Promise<Fields | undefined> {
  const name = textAt(webhook, "name") ?? "";
  const uid = options.uid();
  let response: Fields;
  try {
    const answer = await options.post(targetOf(webhook), JSON.stringify(reviewOf(request, uid)));
    response = fieldsOf(at(JSON.parse(answer), "response"));
    if (response["uid"] !== uid)
      throw new Error(
        `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response["uid"])}`,
      );
  } catch (error) {
    if (webhook["failurePolicy"] === "Ignore") return undefined;
    const told = error instanceof Error ? error.message : String(error);
    throw new ApiError(
      "InternalError",
      `Internal error occurred: failed calling webhook "${name}": ${told}`,
    );
  }
  for (const warning of stringsOf(response["warnings"])) request.warn(warning);
  if (response["allowed"] === true) return response;
  throw refusal(name, response["status"]);
}

/** A webhook's refusal as the API server words it: the Status is the webhook's, the message says whose it is. */
function refusal(name: string, status: unknown): ApiError {
  const code = Number(at(status, "code") ?? 0);
  const reason = textAt(status, "reason") ?? "";
  const message = textAt(status, "message") || reason;
  const told = message === "" ? " without explanation" : `: ${message}`;
  return new ApiError("Forbidden", `admission webhook "${name}" denied the request${told}`, {
    status: Math.max(code, FIRST_ERROR),
    reason,
  });
}

function patched(object: ApiObject, response: Fields, webhook: Fields): ApiObject {
  try {
    const patch: unknown = JSON.parse(Buffer.from(String(response["patch"]), "base64").toString());
    if (!Array.isArray(patch)) throw new Error("the patch is no list");
    return jsonPatch.applyPatch(copy(object), patch, true).newDocument;
  } catch (cause) {
    const told = cause instanceof Error ? cause.message.split("\n", 1)[0] : "";
    throw new ApiError(
      "InternalError",
      `Internal error occurred: webhook "${textAt(webhook, "name")}" gave a patch that does not apply: ${told}`,
    );
  }
}

function targetOf(webhook: Fields): WebhookTarget {
  const config = fieldsOf(webhook["clientConfig"]);
  const caPem = Buffer.from(textAt(config, "caBundle") ?? "", "base64").toString();
  const timeoutMs = Number(webhook["timeoutSeconds"] ?? 10) * 1000;
  if (!isFields(config["service"])) {
    const url = new URL(textAt(config, "url") ?? "");
    const port = Number(url.port || 443);
    return {
      service: undefined,
      host: url.hostname,
      port,
      path: url.pathname + url.search,
      caPem,
      timeoutMs,
    };
  }
  const { service } = config;
  const namespace = textAt(service, "namespace") ?? "";
  const name = textAt(service, "name") ?? "";
  const port = Number(service["port"] ?? 443);
  const path = `${textAt(service, "path") ?? "/"}?timeout=${timeoutMs / 1000}s`;
  return {
    service: { namespace, name, port },
    host: `${name}.${namespace}.svc`,
    port,
    path,
    caPem,
    timeoutMs,
  };
}

function reviewOf(request: AdmissionRequest, uid: string): Fields {
  const { resource, object, previous, user } = request;
  const { group, version, kind, plural } = resource;
  const gvk = { group, version, kind };
  const gvr = { group, version, resource: plural };
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid,
      kind: gvk,
      resource: gvr,
      requestKind: gvk,
      requestResource: gvr,
      ...(request.subresource !== "" && {
        subResource: request.subresource,
        requestSubResource: request.subresource,
      }),
      name: request.name,
      ...(resource.namespaced && { namespace: request.namespace }),
      operation: request.operation,
      userInfo: {
        username: user.username,
        uid: user.uid ?? "",
        groups: user.groups,
        ...(user.extra && { extra: user.extra }),
      },
      object: object ?? null,
      oldObject: previous ?? null,
      dryRun: request.dryRun,
      options: null,
    },
  };
}
