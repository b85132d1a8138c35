/** What routes match, of both policy APIs, into the proxy's own types; what cannot be known is refused, never passed over. */

import type { GrpcRouteMatch } from "#lib/api/gen/proxy/grpc_route_pb.ts";
import type {
  HeaderMatch,
  HostMatch as HostMessage,
  HttpRouteMatch,
  PathMatch,
  QueryParamMatch,
} from "#lib/api/gen/proxy/http_route_pb.ts";
import type { HttpMethod } from "#lib/api/gen/proxy/http_types_pb.ts";
import type { SniMatch } from "#lib/api/gen/proxy/tls_route_pb.ts";
import { asBuffer, latin1Slice } from "#lib/bytes/latin1.ts";
import { createPattern, type Pattern } from "#lib/http/pattern.ts";
import { isToken } from "#lib/http/token.ts";
import type { GrpcMatch, HostMatch, HttpMatch, NamedMatch } from "../policy/request-match.ts";
import { PolicyError } from "./policy-error.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "HEAD", "TRACE"];

/** Reads a host, or a name that TLS asks for; throws PolicyError. */
export function toHost({ match }: Pick<HostMessage, "match"> | Pick<SniMatch, "match">): HostMatch {
  const name =
    match.case === "suffix" ? match.value.reverseLabels.toReversed().join(".") : match.value;
  if (match.case === undefined || name === undefined || name === "")
    throw new PolicyError("host", "a host has neither name nor suffix");
  return { type: match.case, name };
}

/** Reads a match of HTTP requests; throws PolicyError. */
export function toHttpMatch(message: HttpRouteMatch): HttpMatch {
  const { path, method, headers, queryParams } = message;
  return {
    type: "http",
    path: path && toPath(path.kind),
    method: method && toMethod(method),
    headers: headers.map(toHeader),
    queryParams: queryParams.map(toQueryParam),
  };
}

/** Reads a match of gRPC calls, whose procedure must be there though it may be any; throws PolicyError. */
export function toGrpcMatch({ rpc, headers }: GrpcRouteMatch): GrpcMatch {
  if (rpc === undefined) throw new PolicyError("procedure", "a match of calls names no procedure");
  const { service, method } = rpc;
  return { type: "grpc", service, method, headers: headers.map(toHeader) };
}

function toPath(kind: PathMatch["kind"]): HttpMatch["path"] {
  switch (kind.case) {
    case "exact":
      return { type: "exact", value: kind.value };
    case "prefix":
      // Slashes at its end do not count: of several alone nothing would be left.
      if (!/^\/(?!\/+$)/.test(kind.value))
        throw new PolicyError("path", `prefix ${JSON.stringify(kind.value)} is none`);
      return { type: "prefix", value: kind.value };
    case "regex":
      return { type: "regex", value: toPattern(kind.value) };
    case undefined:
      throw new PolicyError("path", "a path is matched in a way that is not known");
  }
}

/** Reads a method; throws PolicyError. */
export function toMethod({ type }: Pick<HttpMethod, "type">): string {
  const method = type.case === "registered" ? METHODS[type.value] : type.value;
  if (method === undefined || !isToken(method))
    throw new PolicyError("method", "a method is not known");
  return method;
}

function toHeader({ name, value }: HeaderMatch): NamedMatch {
  if (!isToken(name))
    throw new PolicyError("header", `${JSON.stringify(name)} is no name of a header`);
  switch (value.case) {
    case "exact":
      return {
        name: name.toLowerCase(),
        value: { type: "exact", text: latin1Slice(asBuffer(value.value), 0, value.value.length) },
      };
    case "regex":
      return {
        name: name.toLowerCase(),
        value: { type: "regex", pattern: toPattern(value.value) },
      };
    case undefined:
      throw new PolicyError("header", `${name} is matched in a way that is not known`);
  }
}

function toQueryParam({ name, value }: QueryParamMatch): NamedMatch {
  if (name === "") throw new PolicyError("query", "a query parameter has no name");
  switch (value.case) {
    case "exact":
      return { name, value: { type: "exact", text: value.value } };
    case "regex":
      return { name, value: { type: "regex", pattern: toPattern(value.value) } };
    case undefined:
      throw new PolicyError("query", `${name} is matched in a way that is not known`);
  }
}

function toPattern(text: string): Pattern {
  const pattern = createPattern(text);
  if (pattern === undefined)
    throw new PolicyError("pattern", `${JSON.stringify(text)} cannot be matched in linear time`);
  return pattern;
}
