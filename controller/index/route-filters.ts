/** Filters of routes: those that Linkerd has; any other is a fault of its rule or backend. */

import { isAuthority } from "#lib/http/authority.ts";
import { isFieldValue } from "#lib/http/field-value.ts";
import { isFramingField } from "#lib/http/framing-fields.ts";
import { isToken } from "#lib/http/token.ts";
import type { HeaderModifier, Redirect, RouteFilter } from "../core/route.ts";
import type { Fields } from "./fields.ts";

const MODIFIERS = {
  RequestHeaderModifier: "request-headers",
  ResponseHeaderModifier: "response-headers",
} as const;
const MODIFIER_FIELDS = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
} as const;

/** Kinds of filters by kinds of routes: messages for gRPC have only one. */
const KNOWN: Readonly<Record<string, readonly FilterKind[]>> = {
  HTTPRoute: ["RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect"],
  GRPCRoute: ["RequestHeaderModifier"],
};
type FilterKind = keyof typeof MODIFIERS | "RequestRedirect";

const PORTS = { least: 1, most: 0xffff };
const REDIRECTS = { least: 300, most: 399 };
const FOUND = 302;

/** Reads the filters of a rule or of a backend. */
export function readFilters(from: Fields, routeKind: string): readonly RouteFilter[] {
  return from.objects("filters").flatMap((fields): RouteFilter[] => {
    const type = fields.word("type", KNOWN[routeKind] ?? []);
    if (fields.raw("type") === undefined) fields.fault("type", "is missing");
    if (type === undefined) return [];
    const name = type === "RequestRedirect" ? "requestRedirect" : MODIFIER_FIELDS[type];
    fields.only("type", name);
    const value = fields.object(name);
    if (value === undefined) return fields.fault(name, "is missing") ?? [];
    if (type === "RequestRedirect") return [{ type: "redirect", redirect: readRedirect(value) }];
    return [
      { type: MODIFIERS[type], modifier: readModifier(value, type === "RequestHeaderModifier") },
    ];
  });
}

function readModifier(fields: Fields, ofRequests: boolean): HeaderModifier {
  fields.only("add", "set", "remove");
  const remove = fields.texts("remove");
  if (!remove.every((name) => mayChange(name, ofRequests)))
    fields.fault("remove", "holds what is no header name, or may not be changed");
  return {
    add: readHeaders(fields, "add", ofRequests),
    set: readHeaders(fields, "set", ofRequests),
    remove,
  };
}

/** Fields of framing are not for routes, and responses have no host. */
const mayChange = (name: string, ofRequests: boolean): boolean =>
  isToken(name) && !isFramingField(name) && (ofRequests || name.toLowerCase() !== "host");

function readHeaders(
  from: Fields,
  name: "add" | "set",
  ofRequests: boolean,
): HeaderModifier["add"] {
  return from.objects(name).map((fields) => {
    fields.only("name", "value");
    const header = { name: fields.required("name"), value: fields.text("value") ?? "" };
    if (!mayChange(header.name, ofRequests))
      fields.fault("name", "is no header name, or may not be changed");
    if (!isFieldValue(header.value)) fields.fault("value", "holds control characters");
    if (header.name.toLowerCase() === "host" && !isAuthority(header.value))
      fields.fault("value", "is no host");
    return header;
  });
}

function readRedirect(fields: Fields): Redirect {
  fields.only("scheme", "hostname", "path", "port", "statusCode");
  const host = fields.text("hostname");
  if (host !== undefined && !isAuthority(host)) fields.fault("hostname", "is no host");
  return {
    scheme: fields.word("scheme", ["http", "https"]),
    host,
    path: readPath(fields.object("path")),
    port: fields.integer("port", PORTS),
    status: fields.integer("statusCode", REDIRECTS) ?? FOUND,
  };
}

function readPath(fields: Fields | undefined): Redirect["path"] {
  if (fields === undefined) return undefined;
  fields.only("type", "replaceFullPath", "replacePrefixMatch");
  const kind = fields.word("type", ["ReplaceFullPath", "ReplacePrefixMatch"]);
  if (kind === undefined) return fields.fault("type", "says not what is replaced");
  const full = kind === "ReplaceFullPath";
  const name = full ? "replaceFullPath" : "replacePrefixMatch";
  // What is replaced by nothing leaves the root.
  const value = fields.text(name) || "/";
  if (!value.startsWith("/")) return fields.fault(name, "does not begin with a slash");
  if (/[^!-~]|[#\\]/.test(value)) return fields.fault(name, "is no path");
  return { type: full ? "full" : "prefix", value };
}
