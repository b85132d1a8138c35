/** Routes of the Gateway API and of policy.linkerd.io as domain values; a route of any form is read, with what is wrong with it. */

import { createPattern } from "#lib/http/pattern.ts";
import { isToken } from "#lib/http/token.ts";
import { parseGoDuration } from "#lib/time/duration.ts";
import {
  type BackendRef,
  GATEWAY_GROUP,
  type GrpcMatch,
  type GrpcRoute,
  type HostMatch,
  type HttpMatch,
  type HttpRoute,
  type NamedMatch,
  type ParentRef,
  type PathMatch,
  type RouteRule,
  type RouteTimeouts,
  type StreamRoute,
} from "../core/route.ts";
import { Fields } from "./fields.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import { readFilters } from "./route-filters.ts";

const PORTS = { least: 1, most: 0xffff };
const WEIGHTS = { least: 0, most: 1_000_000 };
const METHODS = "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split(" ");
const MATCH_TYPES = { Exact: "exact", PathPrefix: "prefix", RegularExpression: "regex" } as const;
const TEXT_TYPES = ["Exact", "RegularExpression"] as const;
/** Fields of a rule that change neither whom it takes nor what it does here: Linkerd has annotations for retries. */
const WITHOUT_EFFECT = ["name", "retry", "sessionPersistence"];

/** Reads an HTTPRoute of either group. */
export function toHttpRoute(object: KeptPolicy, group: string): HttpRoute {
  return { kind: "HTTPRoute", ...readRoute(object, { group, kind: "HTTPRoute", readMatch }) };
}

/** Reads a GRPCRoute. */
export function toGrpcRoute(object: KeptPolicy): GrpcRoute {
  const how = { group: GATEWAY_GROUP, kind: "GRPCRoute", readMatch: readGrpcMatch } as const;
  return { kind: "GRPCRoute", ...readRoute(object, how) };
}

/** Reads a TLSRoute or a TCPRoute. */
export function toStreamRoute(object: KeptPolicy, kind: StreamRoute["kind"]): StreamRoute {
  return {
    kind,
    ...readRoute<never>(object, { group: GATEWAY_GROUP, kind, readMatch: undefined }),
  };
}

type RouteReader<Match> = {
  readonly group: string;
  readonly kind: "HTTPRoute" | "GRPCRoute" | StreamRoute["kind"];
  readonly readMatch: ((match: Fields) => Match) | undefined;
};

function readRoute<Match>(
  { metadata, spec }: KeptPolicy,
  how: RouteReader<Match>,
): Omit<HttpRoute, "kind" | "rules"> & { readonly rules: readonly RouteRule<Match>[] } {
  const { name = "", namespace = "", creationTimestamp } = metadata ?? {};
  const faults: string[] = [];
  const fields = new Fields(spec ?? {}, "spec", faults);
  const rules = fields.list("rules");
  // An entry that cannot be read is left out of both, so that a route is attached no wider than it says.
  const parents = fields
    .list("parentRefs")
    .flatMap((each) => readParent(each, namespace, how) ?? []);
  const hosts = fields.list("hostnames").flatMap((each) => readHost(each) ?? []);
  if (hosts.length < fields.list("hostnames").length)
    fields.fault("hostnames", "holds what is no host name");
  const [whole] = faults;
  return {
    ...{ group: how.group, name, namespace, parents, hosts },
    createdMs: Date.parse(creationTimestamp ?? "") || 0,
    rules:
      rules.length === 0 && whole !== undefined
        ? [{ ...readRule({}, { at: "spec.rules", namespace, how }), fault: whole }]
        : rules.map((rule, index) => {
            const read = readRule(rule, { at: `spec.rules[${index}]`, namespace, how });
            return { ...read, fault: read.fault ?? whole };
          }),
  };
}

function readParent(
  value: unknown,
  namespace: string,
  { group }: { readonly group: string },
): ParentRef | undefined {
  const faults: string[] = [];
  const fields = new Fields(value, "parentRef", faults);
  const parent: ParentRef = {
    group: fields.text("group") ?? group,
    kind: fields.text("kind") ?? "Gateway",
    name: fields.required("name"),
    namespace: fields.text("namespace") ?? namespace,
    port: fields.integer("port", PORTS),
    section: fields.text("sectionName"),
  };
  fields.only("group", "kind", "name", "namespace", "port", "sectionName");
  return faults.length === 0 ? parent : undefined;
}

/** `web.example`, or `*.example` for the names below it. */
function readHost(value: unknown): HostMatch | undefined {
  const [, wild, name] =
    /^(\*\.)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)$/i.exec(typeof value === "string" ? value : "") ??
    [];
  if (name === undefined || name.includes("..")) return undefined;
  return { type: wild === undefined ? "exact" : "suffix", name: name.toLowerCase() };
}

function readRule<Match>(
  value: unknown,
  from: { readonly at: string; readonly namespace: string; readonly how: RouteReader<Match> },
): RouteRule<Match> {
  const { at, namespace, how } = from;
  const faults: string[] = [];
  const fields = new Fields(value, at, faults);
  const { readMatch: read } = how;
  const http = how.kind === "HTTPRoute" ? ["timeouts"] : [];
  const requests = read === undefined ? [] : ["matches", "filters", ...http];
  fields.only("backendRefs", ...requests, ...WITHOUT_EFFECT);
  return {
    matches: read === undefined ? [] : fields.objects("matches").map(read),
    filters: readFilters(fields, how.kind),
    backends: fields.list("backendRefs").map((each) => readBackend(each, namespace, how.kind)),
    timeouts: readTimeouts(fields.object("timeouts")),
    fault: faults[0],
  };
}

function readBackend(
  value: unknown,
  namespace: string,
  kind: RouteReader<never>["kind"],
): BackendRef {
  const faults: string[] = [];
  const fields = new Fields(value, "backendRef", faults);
  fields.only("group", "kind", "name", "namespace", "port", "weight", "filters");
  return {
    group: fields.text("group") ?? "",
    kind: fields.text("kind") ?? "Service",
    name: fields.required("name"),
    namespace: fields.text("namespace") ?? namespace,
    port: fields.integer("port", PORTS),
    weight: fields.integer("weight", WEIGHTS) ?? 1,
    filters: readFilters(fields, kind),
    fault: faults[0],
  };
}

function readTimeouts(fields: Fields | undefined): RouteTimeouts {
  const read = (name: string): number | undefined => {
    const text = fields?.text(name);
    const ms = text === undefined ? undefined : parseGoDuration(text);
    if (text !== undefined && ms === undefined) fields?.fault(name, `is no duration: ${text}`);
    return ms;
  };
  fields?.only("request", "backendRequest");
  return { requestMs: read("request"), backendRequestMs: read("backendRequest") };
}

function readMatch(fields: Fields): HttpMatch {
  fields.only("path", "method", "headers", "queryParams");
  return {
    path: readPath(fields.object("path")),
    method: fields.word("method", METHODS),
    headers: readNamed(fields, "headers"),
    queryParams: readNamed(fields, "queryParams"),
  };
}

function readPath(fields: Fields | undefined): PathMatch | undefined {
  if (fields === undefined) return undefined;
  fields.only("type", "value");
  const known = Object.keys(MATCH_TYPES) as (keyof typeof MATCH_TYPES)[];
  const kind = fields.raw("type") === undefined ? "PathPrefix" : fields.word("type", known);
  const value = fields.text("value") ?? "/";
  if (kind === undefined) return undefined;
  const type = MATCH_TYPES[kind];
  if (type === "regex") return isPattern(fields, value) ? { type, value } : undefined;
  if (!value.startsWith("/")) return fields.fault("value", "does not begin with a slash");
  // Slashes at its end do not count: of several alone nothing would be left.
  if (type === "prefix" && /^\/\/+$/.test(value)) return fields.fault("value", "is no prefix");
  return { type, value };
}

function readNamed(from: Fields, name: "headers" | "queryParams"): readonly NamedMatch[] {
  return from.objects(name).flatMap((fields): NamedMatch[] => {
    fields.only("name", "type", "value");
    const type = MATCH_TYPES[readTextType(fields) ?? "Exact"];
    const match = { name: fields.required("name"), type, value: fields.text("value") ?? "" };
    if (fields.raw("value") === undefined) fields.fault("value", "is missing");
    const isName = name === "headers" ? isToken(match.name) : match.name !== "";
    if (!isName) return fields.fault("name", `is no name of ${name}`) ?? [];
    // What cannot be asked is left out: the rule takes more, and refuses it.
    return type === "regex" && !isPattern(fields, match.value) ? [] : [match as NamedMatch];
  });
}

/** An expression that a proxy cannot match would make its whole policy invalid. */
function isPattern(fields: Fields, value: string): boolean {
  if (createPattern(value) !== undefined) return true;
  fields.fault("value", "is no regular expression that is matched in linear time");
  return false;
}

const readTextType = (fields: Fields): (typeof TEXT_TYPES)[number] | undefined =>
  fields.word("type", TEXT_TYPES);

function readGrpcMatch(fields: Fields): GrpcMatch {
  fields.only("method", "headers");
  const rpc = fields.object("method");
  rpc?.only("type", "service", "method");
  // Linkerd's messages have no regular expressions here.
  rpc?.word("type", ["Exact"]);
  return {
    service: rpc?.text("service") ?? "",
    method: rpc?.text("method") ?? "",
    headers: readNamed(fields, "headers"),
  };
}
