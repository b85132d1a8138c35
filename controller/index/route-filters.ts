/** Filters of routes: those that Linkerd has; any other is a fault of its rule or backend. */

import { isFieldValue } from "#lib/http/field-value.ts";
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
    return [{ type: MODIFIERS[type], modifier: readModifier(value) }];
  });
}

function readModifier(fields: Fields): HeaderModifier {
  fields.only("add", "set", "remove");
  const remove = fields.texts("remove");
  if (!remove.every(isToken)) fields.fault("remove", "holds what is no header name");
  return { add: readHeaders(fields, "add"), set: readHeaders(fields, "set"), remove };
}

function readHeaders(from: Fields, name: "add" | "set"): HeaderModifier["add"] {
  return from.objects(name).map((fields) => {
    fields.only("name", "value");
    const header = { name: fields.required("name"), value: fields.text("value") ?? "" };
    if (!isToken(header.name)) fields.fault("name", "is no header name");
    if (!isFieldValue(header.value)) fields.fault("value", "holds control characters");
    return header;
  });
}

function readRedirect(fields: Fields): Redirect {
  fields.only("scheme", "hostname", "path", "port", "statusCode");
  return {
    scheme: fields.word("scheme", ["http", "https"]),
    host: fields.text("hostname"),
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
  return { type: full ? "full" : "prefix", value };
}
