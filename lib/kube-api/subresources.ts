/** What stands after a name in a path: status, scale, eviction, tokens, logs. */

import type { SimpleRequest } from "#lib/http-io/simple.ts";
import { ApiError } from "./api-error.ts";
import { flag, numeric, parameter, parseBody, parseObject, respondJson } from "./call.ts";
import { serveExec } from "./exec.ts";
import { type ApiObject, at, fieldsOf, numberAt, stringsOf, textAt, timestamp } from "./object.ts";
import { chooseContainer, nodeOf } from "./pod-target.ts";
import { servePortForward } from "./port-forward.ts";
import { patchOf, serveResource, writeOptions } from "./rest.ts";
import { scaleOf, withScale } from "./scale.ts";
import type { ResourceCall, Served } from "./served.ts";
import { mergePatch } from "./strategic.ts";

/** Answers a request for a sub-resource. */
export async function serveSubresource(
  served: Served,
  call: ResourceCall,
  request: SimpleRequest,
): Promise<void> {
  const { resource, route } = call;
  const { subresource } = route;
  if (!resource.subresources.includes(subresource))
    throw new ApiError("NotFound", "the server could not find the requested resource");
  switch (subresource) {
    case "scale":
      await serveScale(served, call, request);
      return;
    case "eviction":
      await serveEviction(served, call, request);
      return;
    case "token":
      serveToken(served, call, request);
      return;
    case "log":
      await serveLog(served, call, request);
      return;
    case "proxy":
      await serveProxy(served, call, request);
      return;
    case "exec":
      serveExec(served, call, request);
      return;
    case "portforward":
      servePortForward(served, call, request);
      return;
    case "attach":
      throw new ApiError("BadRequest", "attach is not served: use logs -f or exec");
    case "finalize":
    case "status":
      await serveResource(served, call, request);
      return;
    default:
      throw new ApiError(
        "NotFound",
        `the server does not serve ${resource.plural}/${subresource} this way`,
      );
  }
}

async function serveScale(
  served: Served,
  call: ResourceCall,
  request: SimpleRequest,
): Promise<void> {
  const { resource, route } = call;
  const { registry } = served;
  const current = registry.get(resource, route.name, route.namespace);
  if (request.head.method === "GET") {
    respondJson(request, scaleOf(current));
    return;
  }
  const scale =
    request.head.method === "PUT"
      ? parseObject(request)
      : mergePatch(scaleOf(current), patchOf(request).body);
  const changed = withScale(current, scale);
  if (at(scale, "metadata", "resourceVersion") === undefined)
    delete changed.metadata.resourceVersion;
  const options = { ...writeOptions(call, request), subresource: "" };
  respondJson(request, scaleOf(await registry.update(resource, changed, options)));
}

async function serveEviction(
  served: Served,
  call: ResourceCall,
  request: SimpleRequest,
): Promise<void> {
  const { resource, route } = call;
  const pod = served.registry.get(resource, route.name, route.namespace);
  const options = fieldsOf(fieldsOf(parseBody(request))["deleteOptions"]);
  const gracePeriodSeconds = numberAt(options, "gracePeriodSeconds");
  await served.registry.delete(
    resource,
    { name: route.name, namespace: pod.metadata.namespace ?? "" },
    { ...writeOptions(call, request), subresource: "", gracePeriodSeconds },
  );
  respondJson(
    request,
    { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
    201,
  );
}

/** The shortest life of a token, and the usual one, in seconds. */
const TOKEN_SECONDS = { least: 600, usual: 3600 } as const;

function serveToken(served: Served, call: ResourceCall, request: SimpleRequest): void {
  const { registry, clock, uid, authority } = served;
  const { route } = call;
  const account = registry.get(call.resource, route.name, route.namespace);
  const asked = parseObject(request);
  const seconds = numberAt(asked, "spec", "expirationSeconds") ?? TOKEN_SECONDS.usual;
  if (seconds < TOKEN_SECONDS.least)
    throw new ApiError(
      "Invalid",
      `TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: ${seconds}: may not specify a duration less than 10 minutes`,
    );
  const bound = boundPod(served, { asked, namespace: route.namespace, account: route.name });
  const wallMs = clock.wall();
  const audiences = stringsOf(at(asked, "spec", "audiences"));
  const token = authority.issuer.issue(
    {
      namespace: route.namespace,
      name: route.name,
      uid: account.metadata.uid ?? "",
      ...(bound && { pod: bound }),
    },
    { audiences, wallMs, seconds, id: uid() },
  );
  const status = { token, expirationTimestamp: timestamp(wallMs + seconds * 1000) };
  const spec = {
    ...fieldsOf(asked["spec"]),
    expirationSeconds: seconds,
    audiences: audiences.length > 0 ? audiences : [authority.issuer.audience],
  };
  respondJson(
    request,
    {
      ...asked,
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {
        ...asked.metadata,
        name: route.name,
        namespace: route.namespace,
        creationTimestamp: timestamp(wallMs),
      },
      spec,
      status,
    },
    201,
  );
}

function boundPod(
  served: Served,
  {
    asked,
    namespace,
    account,
  }: { readonly asked: ApiObject; readonly namespace: string; readonly account: string },
): { readonly name: string; readonly uid: string } | undefined {
  const name = textAt(asked, "spec", "boundObjectRef", "name");
  if (name === undefined || at(asked, "spec", "boundObjectRef", "kind") !== "Pod") return undefined;
  const pods = served.catalog.find({ group: "", version: "v1", plural: "pods" });
  const pod = pods && served.registry.get(pods, name, namespace);
  const uid = textAt(asked, "spec", "boundObjectRef", "uid");
  if (uid !== undefined && uid !== pod?.metadata.uid)
    throw new ApiError(
      "Conflict",
      `Operation cannot be fulfilled on pods "${name}": the UID in the bound object reference (${uid}) does not match the UID in record`,
    );
  if (at(pod, "spec", "serviceAccountName") !== account)
    throw new ApiError(
      "BadRequest",
      `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name`,
    );
  return { name, uid: pod?.metadata.uid ?? "" };
}

async function serveLog(served: Served, call: ResourceCall, request: SimpleRequest): Promise<void> {
  const { route } = call;
  const pod = served.registry.get(call.resource, route.name, route.namespace);
  const node = nodeOf(served, "read log");
  const abort = new AbortController();
  const query = {
    follow: flag(request, "follow") && request.query.has("follow"),
    previous: flag(request, "previous") && request.query.has("previous"),
    timestamps: flag(request, "timestamps") && request.query.has("timestamps"),
    tailLines: numeric(request, "tailLines"),
    sinceSeconds: numeric(request, "sinceSeconds"),
    limitBytes: numeric(request, "limitBytes"),
    signal: abort.signal,
  };
  const container = chooseContainer(pod, parameter(request, "container"));
  const chunks = node
    .log({ namespace: route.namespace, pod: route.name, container }, query)
    [Symbol.asyncIterator]();
  // The first piece decides whether there is a log at all: after it the status cannot be changed.
  const first = await chunks.next().catch((error: unknown) => {
    throw new ApiError("BadRequest", error instanceof Error ? error.message : String(error));
  });
  const writer = request.stream(200, { "content-type": "text/plain" });
  writer.onClose = () => abort.abort();
  for (let piece = first; !piece.done; piece = await chunks.next()) writer.write(piece.value);
  writer.end();
}

/** `pods/NAME:PORT/proxy/PATH`; a scheme before the name is not offered. */
async function serveProxy(
  served: Served,
  { resource, route }: ResourceCall,
  request: SimpleRequest,
): Promise<void> {
  const [pod = "", port = "80"] = route.name.split(":", 2);
  served.registry.get(resource, pod, route.namespace);
  const node = nodeOf(served, "reach pod");
  const query = request.query.toString();
  const asked = {
    ...{ namespace: route.namespace, pod, port: Number(port), method: request.head.method },
    path: `/${route.rest}${query === "" ? "" : `?${query}`}`,
  };
  const answer = await node.proxy(asked).catch((error: unknown) => {
    throw new ApiError(
      "ServiceUnavailable",
      error instanceof Error ? error.message : String(error),
    );
  });
  request.respond(answer.status, { "content-type": answer.contentType }, answer.body);
}
