/** Filters of routes: those that Linkerd has; any other is a fault of its rule or backend. */

import { isAuthority } from "#lib/http/authority.ts";
import { isFieldValue } from "#lib/http/field-value.ts";
import { isFramingField } from "#lib/http/framing-fields.ts";
import { isToken } from "#lib/http/token.ts";
import type { HeaderModifier, Redirect, RouteFilter } from "../core/route.ts";
import type { Fields } from "./fields.ts";
import type { RouteReview } from "./route-review.ts";

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
const STATUSES = { least: 100, most: 599 };
const REDIRECTS = { least: 300, most: 399 };
const FOUND = 302;

/** Reads the filters of a rule or of a backend; `rule` is where the rule stands. */
export function readFilters(
  from: Fields,
  of: {
    readonly routeKind: string;
    readonly rule: string;
    readonly review?: RouteReview | undefined;
  },
): readonly RouteFilter[] {
  return from.objects("filters").flatMap((fields): RouteFilter[] => {
    const name = fields.given("type");
    const type = fields.word("type", KNOWN[of.routeKind] ?? []);
    if (type === undefined) {
      of.review?.unknownFilters.push(
        `${of.rule}.filters: ${name} is not known here: the rule is dropped`,
      );
      return [];
    }
    const field = type === "RequestRedirect" ? "requestRedirect" : MODIFIER_FIELDS[type];
    fields.only("type", field);
    const value = fields.object(field);
    if (value === undefined) {
      fields.refuse("it must be set", field);
      return fields.fault(field, "is missing") ?? [];
    }
    if (type === "RequestRedirect") return [{ type: "redirect", redirect: readRedirect(value) }];
    return [
      { type: MODIFIERS[type], modifier: readModifier(value, type === "RequestHeaderModifier") },
    ];
  });
}

function readModifier(fields: Fields, ofRequests: boolean): HeaderModifier {
  fields.only("add", "set", "remove");
  const set = readHeaders(fields, "set", ofRequests);
  const add = readHeaders(fields, "add", ofRequests);
  const remove = fields.texts("remove");
  for (const name of remove) refuseName(fields, name);
  if (!remove.every((name) => mayChange(name, ofRequests)))
    fields.fault("remove", "holds what is no header name, or may not be changed");
  return { add, set, remove };
}

function refuseName(modifier: Fields, name: string): void {
  if (!isToken(name)) modifier.refuse(`"${name}" is no name of a header`);
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
    const header = { name: fields.given("name"), value: fields.given("value") };
    refuseName(from, header.name);
    if (!mayChange(header.name, ofRequests))
      fields.fault("name", "is no header name, or may not be changed");
    if (!isFieldValue(header.value)) {
      from.refuse(`the value of ${header.name} has control characters`);
      fields.fault("value", "holds control characters");
    }
    if (header.name.toLowerCase() === "host" && !isAuthority(header.value))
      fields.fault("value", "is no host");
    return header;
  });
}

function readRedirect(fields: Fields): Redirect {
  fields.only("scheme", "hostname", "path", "port", "statusCode");
  const host = fields.text("hostname");
  if (host !== undefined && !isAuthority(host)) fields.fault("hostname", "is no host");
  const path = readPath(fields);
  // What is no redirect costs its rule, what is no status at all is refused.
  for (const [name, { least, most }] of [
    ["statusCode", STATUSES] as const,
    ["port", PORTS] as const,
  ]) {
    const value = fields.raw(name);
    if (typeof value === "number" && (value < least || value > most))
      fields.refuse(`${value} is not from ${least} to ${most}`, name);
  }
  return {
    scheme: fields.word("scheme", ["http", "https"]),
    host,
    path,
    port: fields.integer("port", PORTS),
    status: fields.integer("statusCode", REDIRECTS) ?? FOUND,
  };
}

function readPath(redirect: Fields): Redirect["path"] {
  const fields = redirect.object("path");
  if (fields === undefined) return undefined;
  fields.only("type", "replaceFullPath", "replacePrefixMatch");
  const texts = [fields.text("replaceFullPath"), fields.text("replacePrefixMatch")];
  const relative = texts.find((text) => text !== undefined && !text.startsWith("/"));
  if (relative !== undefined)
    redirect.refuse(`"${relative}" is no absolute path: begin it with /`, "path");
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
