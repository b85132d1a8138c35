/** What routes match and change, as messages of both policy APIs. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GrpcRouteMatchSchema } from "#lib/api/gen/proxy/grpc_route_pb.ts";
import type {
  HeaderMatchSchema,
  HostMatchSchema,
  HttpRouteMatchSchema,
  RequestRedirectSchema,
} from "#lib/api/gen/proxy/http_route_pb.ts";
import {
  HttpMethod_Registered,
  type HttpMethodSchema,
  Scheme_Registered,
} from "#lib/api/gen/proxy/http_types_pb.ts";
import type { SniMatchSchema } from "#lib/api/gen/proxy/tls_route_pb.ts";
import type {
  GrpcMatch,
  HeaderModifier,
  HostMatch,
  HttpMatch,
  NamedMatch,
  Redirect,
} from "../core/route.ts";

const utf8 = new TextEncoder();

/** Writes a host. */
export const fromHost = (host: HostMatch): MessageInitShape<typeof HostMatchSchema> => ({
  match: fromName(host),
});

/** Writes the name that a TLS connection is for. */
export const fromSni = (host: HostMatch): MessageInitShape<typeof SniMatchSchema> => ({
  match: fromName(host),
});

/** The labels of a suffix are reversed. */
function fromName({
  type,
  name,
}: HostMatch):
  | { readonly case: "exact"; readonly value: string }
  | { readonly case: "suffix"; readonly value: { readonly reverseLabels: string[] } } {
  return type === "exact"
    ? { case: "exact", value: name }
    : { case: "suffix", value: { reverseLabels: name.split(".").reverse() } };
}

/** Writes a match of HTTP requests. */
export function fromHttpMatch(match: HttpMatch): MessageInitShape<typeof HttpRouteMatchSchema> {
  const { path, method, headers, queryParams } = match;
  return {
    ...(path && { path: { kind: { case: path.type, value: path.value } } }),
    ...(method !== undefined && { method: fromMethod(method) }),
    headers: headers.map(fromHeader),
    queryParams: queryParams.map(({ name, type, value }) => ({
      name,
      value: { case: type, value },
    })),
  };
}

/** Writes a match of gRPC calls; the procedure must be there, though it may be any. */
export function fromGrpcMatch(match: GrpcMatch): MessageInitShape<typeof GrpcRouteMatchSchema> {
  const { service, method, headers } = match;
  return { rpc: { service, method }, headers: headers.map(fromHeader) };
}

function fromHeader({ name, type, value }: NamedMatch): MessageInitShape<typeof HeaderMatchSchema> {
  return type === "exact"
    ? { name, value: { case: "exact", value: utf8.encode(value) } }
    : { name, value: { case: "regex", value } };
}

/** Writes a method. */
export function fromMethod(method: string): MessageInitShape<typeof HttpMethodSchema> {
  const known: Readonly<Record<string, unknown>> = HttpMethod_Registered;
  const number = Object.hasOwn(known, method) ? known[method] : undefined;
  return typeof number === "number"
    ? { type: { case: "registered", value: number } }
    : { type: { case: "unregistered", value: method } };
}

/** Writes what is changed of the headers of a request or of a response. */
export function fromHeaderModifier({ add, set, remove }: HeaderModifier): {
  readonly add: { readonly headers: { name: string; value: Uint8Array }[] };
  readonly set: { readonly headers: { name: string; value: Uint8Array }[] };
  readonly remove: string[];
} {
  const headers = (all: HeaderModifier["add"]): { name: string; value: Uint8Array }[] =>
    all.map(({ name, value }) => ({ name, value: utf8.encode(value) }));
  return { add: { headers: headers(add) }, set: { headers: headers(set) }, remove: [...remove] };
}

/** Writes a redirect. */
export function fromRedirect(redirect: Redirect): MessageInitShape<typeof RequestRedirectSchema> {
  const { scheme, host, path, port, status } = redirect;
  const known = scheme === "http" ? Scheme_Registered.HTTP : Scheme_Registered.HTTPS;
  return {
    ...(scheme && { scheme: { type: { case: "registered", value: known } } }),
    ...(path && { path: { replace: { case: path.type, value: path.value } } }),
    host: host ?? "",
    port: port ?? 0,
    status,
  };
}
