/** Every request comes through here: faults, who asks, whether they may, and whose part answers. */

import type { SimpleRequest } from "#lib/http-io/simple.ts";
import { ApiError, qualified } from "./api-error.ts";
import { authenticate } from "./authenticate.ts";
import { flag, respondError, respondJson } from "./call.ts";
import { discover } from "./discovery.ts";
import { refusalOf } from "./faults.ts";
import { OPENAPI_V2, openApiV3 } from "./openapi.ts";
import { isAllowed } from "./rbac.ts";
import { serveResource } from "./rest.ts";
import { parseRoute, type ResourceRoute } from "./route.ts";
import type { ResourceCall, Served } from "./served.ts";
import { serveSubresource } from "./subresources.ts";
import type { User } from "./user.ts";
import { withWarnings } from "./warnings.ts";
import { serveWatch } from "./watch-response.ts";

/** The version that is told to clients. */
const VERSION = {
  major: "1",
  minor: "32",
  gitVersion: "v1.32.0+bunkerd",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "2025-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "linux/amd64",
} as const;

/** Answers one request; what is refused becomes a Status, what breaks is logged and becomes 500. */
export async function dispatch(served: Served, asking: SimpleRequest): Promise<void> {
  const warnings: string[] = [];
  const request = withWarnings(asking, warnings);
  const query = request.query.toString();
  const asked = `${request.head.method} ${request.path}${query === "" ? "" : `?${query}`}`;
  try {
    const fault = served.faults.take(asked);
    if (fault?.type === "stall") return;
    if (fault !== undefined) throw refusalOf(fault);
    const user = authenticate(served.authority, request.head.headers.get("authorization"));
    const route = parseRoute(request.path);
    if (route === undefined || request.path.startsWith("/openapi"))
      servePath(served, user, request);
    else await serveRoute(served, { user, route, warnings }, request);
  } catch (error) {
    if (error instanceof ApiError) {
      respondError(request, error);
      return;
    }
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    served.logger.error("Cannot answer request: it broke", { request: asked, error: told });
    respondError(
      request,
      new ApiError(
        "InternalError",
        `Internal error occurred: ${error instanceof Error ? error.message : ""}`,
      ),
    );
  }
}

function servePath(served: Served, user: User, request: SimpleRequest): void {
  const { path } = request;
  const { catalog, address } = served;
  if (!isAllowed(served.authority.store, user, { verb: request.head.method.toLowerCase(), path }))
    throw new ApiError(
      "Forbidden",
      `forbidden: User "${user.username}" cannot ${request.head.method.toLowerCase()} path "${path}"`,
    );
  if (/^\/(healthz|livez|readyz)(\/|$)/.test(path))
    request.respond(200, { "content-type": "text/plain" }, "ok");
  else if (path === "/version" || path === "/version/") respondJson(request, VERSION);
  else if (path === "/openapi/v2")
    request.respond(200, { "content-type": OPENAPI_V2.contentType }, OPENAPI_V2.body);
  else if (path === "/openid/v1/jwks") respondJson(request, served.authority.issuer.keys);
  else {
    const accept = request.head.headers.get("accept") ?? "";
    const aggregated = accept.includes("as=APIGroupDiscoveryList") && accept.includes("v=v2;");
    const kinds = catalog.all();
    const found = path.startsWith("/openapi/v3")
      ? openApiV3(path, kinds)
      : discover(path, { kinds, aggregated, address });
    if (found === undefined)
      throw new ApiError("NotFound", "the server could not find the requested resource");
    const type =
      found["kind"] === "APIGroupDiscoveryList"
        ? "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        : "application/json";
    request.respond(200, { "content-type": type }, JSON.stringify(found));
  }
}

async function serveRoute(
  served: Served,
  asked: Pick<ResourceCall, "user" | "route" | "warnings">,
  request: SimpleRequest,
): Promise<void> {
  const { user, route, warnings } = asked;
  const watch =
    flag(request, "watch") &&
    request.query.has("watch") &&
    request.head.method === "GET" &&
    route.subresource === "";
  const verb = watch ? "watch" : verbOf(request.head.method, route);
  authorize(served, { user, route, verb });
  const resource = served.catalog.find(route);
  if (resource === undefined)
    throw new ApiError("NotFound", "the server could not find the requested resource");
  const own = resource.namespaced ? route : { ...route, namespace: "" };
  const call = { route: own, resource, user, warnings };
  if (watch) serveWatch(served, call, request);
  else if (route.subresource !== "") await serveSubresource(served, call, request);
  else await serveResource(served, call, request);
}

function authorize(
  { authority }: Served,
  {
    user,
    route,
    verb,
  }: { readonly user: User; readonly route: ResourceRoute; readonly verb: string },
): void {
  const { group, plural, subresource, namespace, name } = route;
  const attributes = { verb, group, resource: plural, subresource, namespace, name };
  if (isAllowed(authority.store, user, attributes)) return;
  const full = subresource === "" ? plural : `${plural}/${subresource}`;
  const where = namespace === "" ? " at the cluster scope" : ` in the namespace "${namespace}"`;
  throw new ApiError(
    "Forbidden",
    `${qualified({ group, plural })}${name === "" ? "" : ` "${name}"`} is forbidden: User "${user.username}" cannot ${verb} resource "${full}" in API group "${group}"${where}`,
    { details: { name, group, kind: plural } },
  );
}

function verbOf(method: string, route: ResourceRoute): string {
  switch (method) {
    case "GET":
    case "HEAD":
      return route.name === "" ? "list" : "get";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return route.name === "" ? "deletecollection" : "delete";
    default:
      return method.toLowerCase();
  }
}
