/** HTTPRoute and GRPCRoute of both groups (ADM7), TLSRoute and TCPRoute (ADM8). */

import { parseGoDuration } from "#lib/time/duration.ts";
import { POLICY_GROUP } from "../core/route.ts";
import { filterProblems, KNOWN_FILTERS } from "./filters.ts";
import { matchProblems } from "./matches.ts";
import { isOf } from "./references.ts";
import type { RouteFilter, RouteRule, RouteSpec } from "./route-spec.ts";

/** Whether a route concerns the mesh: one of its parents is a Service, a Server or an EgressNetwork. */
export const isOurs = ({ parentRefs }: RouteSpec): boolean =>
  (parentRefs ?? []).some(
    (parent) =>
      isOf(parent, "", "Service") || isOf(parent, POLICY_GROUP, "Server", "EgressNetwork"),
  );

/** What is wrong with a route; `kind` decides how many rules it has, and of which form its matches are. */
export function routeProblems(kind: string, spec: RouteSpec): string[] {
  const rules = spec.rules ?? [];
  const only = kind === "TLSRoute" || kind === "TCPRoute";
  return [
    ...parentProblems(spec),
    ...(only && rules.length !== 1
      ? [`spec.rules: a ${kind} has exactly one rule, and this one has ${rules.length}`]
      : []),
    ...rules.flatMap((rule, index) => ruleProblems(rule, `spec.rules[${index}]`)),
  ];
}

const parentProblems = ({ parentRefs }: RouteSpec): string[] =>
  (parentRefs ?? []).flatMap((parent, index) =>
    isOf(parent, POLICY_GROUP, "EgressNetwork") && !isPort(parent.port)
      ? [`spec.parentRefs[${index}].port: an EgressNetwork as parent needs the port that is meant`]
      : [],
  );

const isPort = (port: number | null | undefined): boolean => port !== undefined && port !== null;

function ruleProblems(rule: RouteRule, field: string): string[] {
  return [
    ...(rule.matches ?? []).flatMap((match, index) =>
      matchProblems(match, `${field}.matches[${index}]`),
    ),
    ...(rule.filters ?? []).flatMap((filter, index) =>
      filterProblems(filter, `${field}.filters[${index}]`),
    ),
    ...(rule.backendRefs ?? []).flatMap((backend, index) => {
      const at = `${field}.backendRefs[${index}]`;
      const service = isOf({ ...backend, kind: backend.kind ?? "Service" }, "", "Service");
      return [
        ...(service && !isPort(backend.port)
          ? [`${at}.port: a Service as backend needs the port that is meant`]
          : []),
        ...(backend.filters ?? []).flatMap((filter, each) =>
          filterProblems(filter, `${at}.filters[${each}]`),
        ),
      ];
    }),
    ...timeoutProblems(rule, `${field}.timeouts`),
  ];
}

function timeoutProblems({ timeouts }: RouteRule, field: string): string[] {
  const read = (name: "request" | "backendRequest"): { ms: number; bad: string[] } => {
    const text = timeouts?.[name] ?? "0s";
    const ms = parseGoDuration(text);
    const bad =
      ms === undefined ? [`${field}.${name}: "${text}" is no duration, as 500ms or 1m30s`] : [];
    return { ms: ms ?? 0, bad };
  };
  const [request, each] = [read("request"), read("backendRequest")];
  // Of zero a timeout is none at all (GEP-1742).
  const longer = request.ms > 0 && each.ms > request.ms;
  return [
    ...request.bad,
    ...each.bad,
    ...(longer
      ? [`${field}.backendRequest: it is longer than request, and would never end first`]
      : []),
  ];
}

/** Filters that no proxy carries out: the rule that has one is dropped. */
export const unknownFilters = ({ rules }: RouteSpec): string[] =>
  (rules ?? []).flatMap((rule, index) =>
    filtersOf(rule)
      .filter(({ type }) => !KNOWN_FILTERS.includes(type))
      .map(
        ({ type }) =>
          `spec.rules[${index}].filters: ${type} is not known here: the rule is dropped`,
      ),
  );

const filtersOf = ({ filters, backendRefs }: RouteRule): RouteFilter[] => [
  ...(filters ?? []),
  ...(backendRefs ?? []).flatMap((backend) => backend.filters ?? []),
];
