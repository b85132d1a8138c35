/** What a filter of a route may say (ADM7). */

import { isFieldValue } from "#lib/http/field-value.ts";
import { isToken } from "#lib/http/token.ts";
import type { HeaderModifier, RouteFilter } from "./route-spec.ts";

/** Filters that the proxy carries out; of others a rule is dropped. */
export const KNOWN_FILTERS: readonly string[] = [
  "RequestHeaderModifier",
  "ResponseHeaderModifier",
  "RequestRedirect",
];

const STATUS = { from: 100, to: 599 } as const;
const PORT_LIMIT = 65_535;

/** What is wrong with a filter; of a kind that is not known, nothing. */
export function filterProblems(filter: RouteFilter, field: string): string[] {
  switch (filter.type) {
    case "RequestHeaderModifier":
      return modifierProblems(filter.requestHeaderModifier, `${field}.requestHeaderModifier`);
    case "ResponseHeaderModifier":
      return modifierProblems(filter.responseHeaderModifier, `${field}.responseHeaderModifier`);
    case "RequestRedirect":
      return redirectProblems(filter.requestRedirect, `${field}.requestRedirect`);
    default:
      return [];
  }
}

function modifierProblems(modifier: HeaderModifier | null | undefined, field: string): string[] {
  if (modifier === undefined || modifier === null) return [`${field}: it must be set`];
  const { set, add, remove } = modifier;
  return [
    ...[...(set ?? []), ...(add ?? [])].flatMap(({ name, value }) => [
      ...nameProblems(name, field),
      ...(isFieldValue(value) ? [] : [`${field}: the value of ${name} has control characters`]),
    ]),
    ...(remove ?? []).flatMap((name) => nameProblems(name, field)),
  ];
}

const nameProblems = (name: string, field: string): string[] =>
  isToken(name) ? [] : [`${field}: "${name}" is no name of a header`];

function redirectProblems(redirect: RouteFilter["requestRedirect"], field: string): string[] {
  if (redirect === undefined || redirect === null) return [`${field}: it must be set`];
  const { path, port, statusCode } = redirect;
  const replacements = [path?.replaceFullPath, path?.replacePrefixMatch];
  const relative = replacements.find((text) => typeof text === "string" && !text.startsWith("/"));
  const status = statusCode ?? STATUS.from;
  const to = port ?? 1;
  return [
    ...(typeof relative === "string"
      ? [`${field}.path: "${relative}" is no absolute path: begin it with /`]
      : []),
    ...(status < STATUS.from || status > STATUS.to
      ? [`${field}.statusCode: ${status} is not from ${STATUS.from} to ${STATUS.to}`]
      : []),
    ...(to < 1 || to > PORT_LIMIT ? [`${field}.port: ${to} is not from 1 to ${PORT_LIMIT}`] : []),
  ];
}
