/** Filters of routes, of both policy APIs, into the proxy's own types; throws PolicyError for what cannot be known. */

import type { GrpcFailureInjector } from "#lib/api/gen/proxy/grpc_route_pb.ts";
import type {
  HttpFailureInjector,
  Ratio,
  RequestHeaderModifier,
  RequestRedirect,
  ResponseHeaderModifier,
} from "#lib/api/gen/proxy/http_route_pb.ts";
import type { Headers } from "#lib/api/gen/proxy/http_types_pb.ts";
import { asBuffer, latin1Slice } from "#lib/bytes/latin1.ts";
import { isAuthority } from "#lib/http/authority.ts";
import { isFieldValue } from "#lib/http/field-value.ts";
import { isFramingField } from "#lib/http/framing-fields.ts";
import { isToken } from "#lib/http/token.ts";
import type { FailureInjector, Field, Filter, HeaderModifier } from "../policy/filter.ts";
import type { Redirect } from "../policy/redirect.ts";
import { PolicyError } from "./policy-error.ts";

/** A filter of any of the messages that have some. */
export type FilterKind =
  | { readonly case: "failureInjector"; readonly value: HttpFailureInjector | GrpcFailureInjector }
  | { readonly case: "requestHeaderModifier"; readonly value: RequestHeaderModifier }
  | { readonly case: "responseHeaderModifier"; readonly value: ResponseHeaderModifier }
  | { readonly case: "redirect"; readonly value: RequestRedirect }
  | { readonly case: undefined };

/** Reads a filter; throws PolicyError. */
export function toFilter({ kind }: { readonly kind: FilterKind }): Filter {
  switch (kind.case) {
    case "failureInjector":
      return toFailure(kind.value);
    case "requestHeaderModifier":
      return { type: "request-headers", modifier: toModifier(kind.value) };
    case "responseHeaderModifier":
      return { type: "response-headers", modifier: toModifier(kind.value) };
    case "redirect":
      return { type: "redirect", redirect: toRedirect(kind.value) };
    case undefined:
      throw new PolicyError("filter", "a filter is of a kind that is not known");
  }
}

function toFailure(message: HttpFailureInjector | GrpcFailureInjector): FailureInjector {
  const ratio = toRatio(message.ratio);
  if (message.$typeName === "io.linkerd.proxy.grpc_route.GrpcFailureInjector") {
    if (message.code > 0xffff) throw new PolicyError("filter", "a failure's code is none");
    return { type: "grpc-failure", code: message.code, message: message.message, ratio };
  }
  const status = toStatus(message.status);
  return { type: "http-failure", status, message: message.message, ratio };
}

/** Without a ratio all fail. */
function toRatio(ratio: Ratio | undefined): number {
  if (ratio === undefined) return 1;
  const { numerator, denominator } = ratio;
  if (denominator === 0 || numerator > denominator)
    throw new PolicyError("filter", `${numerator}/${denominator} is no ratio`);
  return numerator / denominator;
}

function toStatus(status: number): number {
  if (status < 100 || status > 999) throw new PolicyError("filter", `${status} is no status`);
  return status;
}

function toModifier(message: RequestHeaderModifier | ResponseHeaderModifier): HeaderModifier {
  const ofRequests = message.$typeName === "io.linkerd.proxy.http_route.RequestHeaderModifier";
  const checked = (name: string): string => {
    const lower = name.toLowerCase();
    if (!isToken(name) || isFramingField(lower) || (lower === "host" && !ofRequests))
      throw new PolicyError("filter", `${JSON.stringify(name)} may not be changed`);
    return lower;
  };
  const fields = (headers: Headers | undefined): Field[] =>
    (headers?.headers ?? []).map(({ name: given, value: bytes }) => {
      const name = checked(given);
      const value = latin1Slice(asBuffer(bytes), 0, bytes.length);
      if (!isFieldValue(value) || (name === "host" && !isAuthority(value)))
        throw new PolicyError("filter", `the value of ${name} is none`);
      return { name, value };
    });
  const remove = message.remove.map(checked);
  return {
    add: fields(message.add),
    set: fields(message.set),
    // A request without a host is none.
    remove: remove.filter((name) => name !== "host"),
  };
}

function toRedirect({ scheme, host, path, port, status }: RequestRedirect): Redirect {
  if (port > 0xffff || (host !== "" && !isAuthority(host)))
    throw new PolicyError("filter", "a redirect's host or port is none");
  return {
    scheme: scheme && toScheme(scheme.type),
    host: host === "" ? undefined : host,
    port: port === 0 ? undefined : port,
    path: path?.replace.case === undefined ? undefined : toPathChange(path.replace),
    status: status === 0 ? 301 : toStatus(status),
  };
}

function toScheme(type: NonNullable<RequestRedirect["scheme"]>["type"]): "http" | "https" {
  const scheme = type.case === "registered" ? ["http", "https"][type.value] : type.value;
  if (scheme !== "http" && scheme !== "https")
    throw new PolicyError("filter", "a redirect's scheme is none");
  return scheme;
}

/** A prefix may be replaced by nothing. */
function toPathChange({
  case: type,
  value,
}: NonNullable<RequestRedirect["path"]>["replace"]): Redirect["path"] {
  const isPath = value?.startsWith("/") === true || (type === "prefix" && value === "");
  if (type === undefined || !isPath || /[^!-~]|[#\\]/.test(value))
    throw new PolicyError("filter", "a redirect's path is none");
  return { type, value };
}
