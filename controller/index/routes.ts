/** Routes of the Gateway API and of policy.linkerd.io as domain values; a route of any form is read, with what is wrong with it. */

import { parseGoDuration } from "#lib/time/duration.ts";
import { isOf } from "../core/reference.ts";
import {
  type BackendRef,
  GATEWAY_GROUP,
  type GrpcRoute,
  type HostMatch,
  type HttpRoute,
  type ParentRef,
  POLICY_GROUP,
  type RouteRule,
  type RouteTimeouts,
  type StreamRoute,
} from "../core/route.ts";
import { Fields, type Notes } from "./fields.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import { readFilters } from "./route-filters.ts";
import { readGrpcMatch, readHttpMatch } from "./route-matches.ts";
import type { RouteReview } from "./route-review.ts";

const PORTS = { least: 1, most: 0xffff };
const WEIGHTS = { least: 0, most: 1_000_000 };
/** Fields of a rule that change neither whom it takes nor what it does here: Linkerd has annotations for retries. */
const WITHOUT_EFFECT = ["name", "retry", "sessionPersistence"];

/** Reads an HTTPRoute of either group. */
export function toHttpRoute(object: KeptPolicy, group: string, review?: RouteReview): HttpRoute {
  const how = { group, kind: "HTTPRoute", readMatch: readHttpMatch, review } as const;
  return { kind: "HTTPRoute", ...readRoute(object, how) };
}

/** Reads a GRPCRoute. */
export function toGrpcRoute(object: KeptPolicy, review?: RouteReview): GrpcRoute {
  const group = GATEWAY_GROUP;
  const how = { group, kind: "GRPCRoute", readMatch: readGrpcMatch, review } as const;
  return { kind: "GRPCRoute", ...readRoute(object, how) };
}

/** Reads a TLSRoute or a TCPRoute. */
export function toStreamRoute(
  object: KeptPolicy,
  kind: StreamRoute["kind"],
  review?: RouteReview,
): StreamRoute {
  const how = { group: GATEWAY_GROUP, kind, readMatch: undefined, review };
  return { kind, ...readRoute<never>(object, how) };
}

type RouteReader<Match> = {
  readonly group: string;
  readonly kind: "HTTPRoute" | "GRPCRoute" | StreamRoute["kind"];
  readonly readMatch: ((match: Fields) => Match) | undefined;
  /** Told of all that is read, where somebody decides whether the route may be stored. */
  readonly review: RouteReview | undefined;
};

function readRoute<Match>(
  { metadata, spec }: KeptPolicy,
  how: RouteReader<Match>,
): Omit<HttpRoute, "kind" | "rules"> & { readonly rules: readonly RouteRule<Match>[] } {
  const { name = "", namespace = "", creationTimestamp } = metadata ?? {};
  const faults: string[] = [];
  const fields = new Fields(spec ?? {}, "spec", { faults, reviewer: how.review });
  // An entry that cannot be read is left out of both, so that a route is attached no wider than it says.
  const parents = fields
    .list("parentRefs")
    .flatMap(
      (each, index) => readParent(each, { at: `spec.parentRefs[${index}]`, namespace, how }) ?? [],
    );
  const rules = fields.list("rules");
  if (how.readMatch === undefined && rules.length !== 1)
    fields.refuse(`a ${how.kind} has exactly one rule, and this one has ${rules.length}`, "rules");
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

/** What a part of a route is read with. */
type From<Match> = {
  /** Where it stands. */
  readonly at: string;
  readonly namespace: string;
  readonly how: RouteReader<Match>;
};

/** Faults of a part name the part alone: who tells of them says of which rule they are. */
function notesOf(
  faults: string[],
  { at, how: { review } }: Pick<From<never>, "at"> & { how: { review: RouteReview | undefined } },
): Notes {
  return review === undefined ? { faults } : { faults, reviewer: review, place: at };
}

function readParent<Match>(
  value: unknown,
  { at, namespace, how }: From<Match>,
): ParentRef | undefined {
  const faults: string[] = [];
  const fields = new Fields(value, "parentRef", notesOf(faults, { at, how }));
  const parent: ParentRef = {
    group: fields.text("group") ?? how.group,
    kind: fields.text("kind") ?? "Gateway",
    name: fields.required("name"),
    namespace: fields.text("namespace") ?? namespace,
    port: fields.integer("port", PORTS),
    section: fields.text("sectionName"),
  };
  fields.only("group", "kind", "name", "namespace", "port", "sectionName");
  how.review?.parent(parent);
  if (isOf(parent, POLICY_GROUP, "EgressNetwork") && fields.raw("port") === undefined)
    fields.refuse("an EgressNetwork as parent needs the port that is meant", "port");
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

function readRule<Match>(value: unknown, from: From<Match>): RouteRule<Match> {
  const { at, namespace, how } = from;
  const notes: Notes = { faults: [], reviewer: how.review };
  const fields = new Fields(value, at, notes);
  const { readMatch: read } = how;
  const http = how.kind === "HTTPRoute" ? ["timeouts"] : [];
  const requests = read === undefined ? [] : ["matches", "filters", ...http];
  fields.only("backendRefs", ...requests, ...WITHOUT_EFFECT);
  return {
    matches: read === undefined ? [] : fields.objects("matches").map(read),
    filters: readFilters(fields, { routeKind: how.kind, rule: at, review: how.review }),
    backends: fields
      .list("backendRefs")
      .map((each, index) =>
        readBackend(each, { at: `${at}.backendRefs[${index}]`, rule: at, namespace, how }),
      ),
    timeouts: readTimeouts(fields.object("timeouts")),
    fault: notes.faults[0],
  };
}

function readBackend<Match>(
  value: unknown,
  { at, rule, namespace, how }: From<Match> & { readonly rule: string },
): BackendRef {
  const faults: string[] = [];
  const fields = new Fields(value, "backendRef", notesOf(faults, { at, how }));
  fields.only("group", "kind", "name", "namespace", "port", "weight", "filters");
  const backend = {
    group: fields.text("group") ?? "",
    kind: fields.text("kind") ?? "Service",
    name: fields.required("name"),
    namespace: fields.text("namespace") ?? namespace,
    port: fields.integer("port", PORTS),
    weight: fields.integer("weight", WEIGHTS) ?? 1,
  };
  if (isOf(backend, "", "Service") && fields.raw("port") === undefined)
    fields.refuse("a Service as backend needs the port that is meant", "port");
  const filters = readFilters(fields, { routeKind: how.kind, rule, review: how.review });
  return { ...backend, filters, fault: faults[0] };
}

function readTimeouts(fields: Fields | undefined): RouteTimeouts {
  const read = (name: string): number | undefined => {
    const text = fields?.text(name);
    const ms = text === undefined ? undefined : parseGoDuration(text);
    if (text === undefined || ms !== undefined) return ms;
    fields?.refuse(`"${text}" is no duration, as 500ms or 1m30s`, name);
    return fields?.fault(name, `is no duration: ${text}`);
  };
  fields?.only("request", "backendRequest");
  const [requestMs, backendRequestMs] = [read("request"), read("backendRequest")];
  // Of zero a timeout is none at all (GEP-1742).
  if (requestMs !== undefined && requestMs > 0 && (backendRequestMs ?? 0) > requestMs)
    fields?.refuse("it is longer than request, and would never end first", "backendRequest");
  return { requestMs, backendRequestMs };
}
