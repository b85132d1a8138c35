/** Requests for resources: lists, objects, writes. */

import type { SimpleRequest } from "#lib/http-io/simple.ts";
import { ApiError } from "./api-error.ts";
import {
  flag,
  numeric,
  parameter,
  parseBody,
  parseObject,
  respondJson,
  tableWanted,
} from "./call.ts";
import { groupVersion } from "./kinds.ts";
import { type ApiObject, fieldsOf, textAt } from "./object.ts";
import { PATCH_TYPES, type PatchRequest } from "./patch.ts";
import type { WriteOptions } from "./requests.ts";
import { answerReview } from "./reviews.ts";
import type { ResourceCall, Served } from "./served.ts";
import { tableOf } from "./table.ts";

/** Answers a request for a collection or an object, sub-resources aside. */
export async function serveResource(
  served: Served,
  call: ResourceCall,
  request: SimpleRequest,
): Promise<void> {
  const { route } = call;
  switch (request.head.method) {
    case "GET":
    case "HEAD":
      if (route.name === "") serveList(served, call, request);
      else
        respondObject(served, call, {
          request,
          object: served.registry.get(call.resource, route.name, route.namespace),
        });
      return;
    case "POST":
      await serveCreate(served, call, request);
      return;
    case "PUT":
      respondObject(served, call, {
        request,
        object: await served.registry.update(
          call.resource,
          sentObject(call, request),
          writeOptions(call, request),
        ),
      });
      return;
    case "PATCH":
      respondObject(served, call, { request, object: await patched(served, call, request) });
      return;
    case "DELETE":
      if (route.name === "") await serveDeleteCollection(served, call, request);
      else await serveDelete(served, call, request);
      return;
    default:
      throw new ApiError(
        "MethodNotAllowed",
        `the server does not allow ${request.head.method} on the requested resource`,
      );
  }
}

/** The options of a write, out of its query. */
export function writeOptions(
  { user, route, warnings }: ResourceCall,
  request: SimpleRequest,
): WriteOptions {
  const agent = request.head.headers.get("user-agent") ?? "unknown";
  return {
    user,
    subresource: route.subresource,
    dryRun: request.query.getAll("dryRun").includes("All"),
    fieldManager: parameter(request, "fieldManager") ?? agent.split("/", 1)[0] ?? "unknown",
    warn: (warning) => void warnings.push(warning),
  };
}

/** The patch in a request. Throws UnsupportedMediaType. */
export function patchOf(request: SimpleRequest): PatchRequest {
  const type = (request.head.headers.get("content-type") ?? "").split(";", 1)[0]?.trim() ?? "";
  const kind = PATCH_TYPES[type];
  if (kind === undefined)
    throw new ApiError(
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: ${Object.keys(PATCH_TYPES).join(", ")}`,
    );
  const fieldManager = parameter(request, "fieldManager");
  return {
    type: kind,
    body: parseBody(request),
    force: flag(request, "force"),
    ...(fieldManager && { fieldManager }),
  };
}

/** Sends an object, or the table of it. */
export function respondObject(
  served: Served,
  { resource }: ResourceCall,
  answer: { readonly request: SimpleRequest; readonly object: ApiObject; readonly status?: number },
): void {
  const { request, object } = answer;
  const include = tableWanted(request);
  if (include === undefined) {
    respondJson(request, object, answer.status ?? 200);
    return;
  }
  const metadata = { resourceVersion: object.metadata.resourceVersion };
  const how = {
    wallMs: served.clock.wall(),
    include,
    custom: served.catalog.custom(resource),
    metadata,
  };
  respondJson(request, tableOf(resource, [object], how), answer.status ?? 200);
}

/** The object in a request, checked against its path. */
export function sentObject({ route }: ResourceCall, request: SimpleRequest): ApiObject {
  const object = parseObject(request);
  const { metadata } = object;
  if (route.name !== "" && metadata.name !== undefined && metadata.name !== route.name)
    throw new ApiError(
      "BadRequest",
      `the name of the object (${metadata.name}) does not match the name on the URL (${route.name})`,
    );
  if (route.namespace !== "" && metadata.namespace && metadata.namespace !== route.namespace)
    throw new ApiError(
      "BadRequest",
      `the namespace of the provided object does not match the namespace sent on the request`,
    );
  if (route.name !== "") metadata.name = route.name;
  if (route.namespace !== "") metadata.namespace = route.namespace;
  return object;
}

function serveList(served: Served, call: ResourceCall, request: SimpleRequest): void {
  const { resource, route } = call;
  const page = served.registry.list(resource, {
    ...(route.namespace !== "" && { namespace: route.namespace }),
    labelSelector: parameter(request, "labelSelector"),
    fieldSelector: parameter(request, "fieldSelector"),
    limit: numeric(request, "limit"),
    continue: parameter(request, "continue"),
  });
  const metadata = {
    resourceVersion: String(page.version),
    ...(page.continue !== undefined && {
      continue: page.continue,
      remainingItemCount: page.remaining,
    }),
  };
  const include = tableWanted(request);
  if (include !== undefined) {
    const how = {
      wallMs: served.clock.wall(),
      include,
      custom: served.catalog.custom(resource),
      metadata,
    };
    respondJson(request, tableOf(resource, page.items, how));
    return;
  }
  respondJson(request, {
    kind: `${resource.kind}List`,
    apiVersion: groupVersion(resource),
    metadata,
    items: page.items,
  });
}

async function serveCreate(
  served: Served,
  call: ResourceCall,
  request: SimpleRequest,
): Promise<void> {
  const { resource, route, user } = call;
  const object = sentObject(call, request);
  if (resource.ephemeral) {
    const review = answerReview(served.authority, {
      resource,
      object,
      user,
      namespace: route.namespace,
    });
    respondJson(
      request,
      { apiVersion: groupVersion(resource), kind: resource.kind, ...review },
      201,
    );
    return;
  }
  const namespace = route.namespace || (object.metadata.namespace ?? "");
  if (object.kind !== undefined && object.kind !== resource.kind)
    throw new ApiError(
      "BadRequest",
      `the object provided is unrecognized: ${object.kind} is no ${resource.kind}`,
    );
  const made = await served.registry.create(resource, object, {
    ...writeOptions(call, request),
    namespace,
  });
  respondObject(served, call, { request, object: made, status: 201 });
}

async function patched(
  served: Served,
  call: ResourceCall,
  request: SimpleRequest,
): Promise<ApiObject> {
  const { name, namespace } = call.route;
  const options = { ...writeOptions(call, request), patch: patchOf(request) };
  return await served.registry.patch(call.resource, { name, namespace }, options);
}

function deleteOptions(request: SimpleRequest): {
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: string | undefined;
  preconditions?: { uid?: string; resourceVersion?: string };
} {
  const body = fieldsOf(parseBody(request));
  const grace = body["gracePeriodSeconds"] ?? numeric(request, "gracePeriodSeconds");
  return {
    gracePeriodSeconds: typeof grace === "number" ? grace : undefined,
    propagationPolicy: textAt(body, "propagationPolicy") ?? parameter(request, "propagationPolicy"),
    preconditions: fieldsOf(body["preconditions"]),
  };
}

async function serveDelete(
  served: Served,
  call: ResourceCall,
  request: SimpleRequest,
): Promise<void> {
  const { resource, route } = call;
  const { name, namespace } = route;
  const options = { ...writeOptions(call, request), ...deleteOptions(request) };
  const { object, removed } = await served.registry.delete(resource, { name, namespace }, options);
  if (!removed || resource.kind === "Pod") {
    respondJson(request, object);
    return;
  }
  const details = { name, group: resource.group, kind: resource.plural, uid: object.metadata.uid };
  respondJson(request, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details,
  });
}

async function serveDeleteCollection(
  served: Served,
  call: ResourceCall,
  request: SimpleRequest,
): Promise<void> {
  const { resource, route } = call;
  const { items, version } = served.registry.list(resource, {
    ...(route.namespace !== "" && { namespace: route.namespace }),
    labelSelector: parameter(request, "labelSelector"),
    fieldSelector: parameter(request, "fieldSelector"),
  });
  const options = { ...writeOptions(call, request), ...deleteOptions(request) };
  for (const { metadata } of items)
    await served.registry.delete(
      resource,
      { name: metadata.name ?? "", namespace: metadata.namespace ?? "" },
      options,
    );
  respondJson(request, {
    kind: `${resource.kind}List`,
    apiVersion: groupVersion(resource),
    metadata: { resourceVersion: String(version) },
    items,
  });
}
