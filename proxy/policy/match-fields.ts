/** Whether a request has the fields and query parameters that a match demands. */

import type { MatchedHead, NamedMatch } from "./request-match.ts";

/** Whether each of these fields is there; any of several values may match. */
export function hasFields(head: MatchedHead, matches: readonly NamedMatch[]): boolean {
  for (const match of matches) if (!hasField(head, match)) return false;
  return true;
}

function hasField(
  { headers: { names, values }, authority }: MatchedHead,
  { name, value }: NamedMatch,
): boolean {
  if (name === "host") return accepts(value, authority);
  for (let i = 0; i < names.length; i++)
    if (names[i] === name && accepts(value, values[i] as string)) return true;
  return false;
}

/** Bytes beyond ASCII are no text that a pattern could be held against, as in Linkerd. */
function accepts(value: NamedMatch["value"], given: string): boolean {
  return value.type === "exact"
    ? value.text === given
    : /^[\t -~]*$/.test(given) && value.pattern.test(given);
}

/** Whether each of these parameters is in the query of a target, as forms encode it (`+` is a blank); any of several values may match. */
export function hasParameters(target: string, matches: readonly NamedMatch[]): boolean {
  const query = target.indexOf("?");
  if (query < 0) return false;
  // A question mark that came first would be taken for the one before a query.
  const parameters = [...new URLSearchParams(`&${target.slice(query + 1)}`)];
  for (const match of matches) if (!hasParameter(parameters, match)) return false;
  return true;
}

function hasParameter(
  parameters: readonly (readonly [string, string])[],
  { name, value }: NamedMatch,
): boolean {
  for (const [key, given] of parameters)
    if (key === name && (value.type === "exact" ? value.text === given : value.pattern.test(given)))
      return true;
  return false;
}
