/** What a match of a route may say (ADM7): absolute paths, and expressions that can be matched in bounded time. */

import { createPattern } from "#lib/http/pattern.ts";
import type { NamedMatch, RouteMatch } from "./route-spec.ts";

const EXPRESSION = "RegularExpression";
const PATHS: readonly string[] = ["Exact", "PathPrefix", EXPRESSION];
const TEXTS: readonly string[] = ["Exact", EXPRESSION];

/** What is wrong with a match; `field` is where it stands. */
export function matchProblems(match: RouteMatch, field: string): string[] {
  return [
    ...pathProblems(match.path, `${field}.path`),
    ...methodProblems(match.method, `${field}.method`),
    ...namedProblems(match.headers, `${field}.headers`),
    ...namedProblems(match.queryParams, `${field}.queryParams`),
  ];
}

function pathProblems(path: RouteMatch["path"], field: string): string[] {
  if (path === undefined || path === null) return [];
  const { type, value } = path;
  const how = type ?? "PathPrefix";
  const text = value ?? "/";
  if (!PATHS.includes(how)) return [`${field}.type: "${how}" is none of ${PATHS.join(", ")}`];
  if (how === EXPRESSION) return expressionProblems(text, `${field}.value`);
  return text.startsWith("/")
    ? []
    : [`${field}.value: "${text}" is no absolute path: begin it with /`];
}

function methodProblems(method: RouteMatch["method"], field: string): string[] {
  if (typeof method !== "object" || method === null) return [];
  const how = method.type ?? "Exact";
  if (!TEXTS.includes(how)) return [`${field}.type: "${how}" is none of ${TEXTS.join(", ")}`];
  if (how !== EXPRESSION) return [];
  return [
    ...expressionProblems(method.service ?? "", `${field}.service`),
    ...expressionProblems(method.method ?? "", `${field}.method`),
  ];
}

function namedProblems(matches: readonly NamedMatch[] | null | undefined, field: string): string[] {
  return (matches ?? []).flatMap(({ type, name, value }, index) => {
    const at = `${field}[${index}]`;
    const how = type ?? "Exact";
    if (name === "") return [`${at}.name: it is empty`];
    if (!TEXTS.includes(how)) return [`${at}.type: "${how}" is none of ${TEXTS.join(", ")}`];
    return how === EXPRESSION ? expressionProblems(value, `${at}.value`) : [];
  });
}

/** An expression that is none, or would take more than linear time, matches nothing: better said now. */
export const expressionProblems = (text: string, field: string): string[] =>
  createPattern(text) === undefined
    ? [
        `${field}: "${text}" is no regular expression that is matched in linear time (no look-around, no back-references)`,
      ]
    : [];
