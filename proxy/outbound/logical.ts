/** Picks the rule that a request goes by, and its backend by weight. */

import type { RequestHead } from "#lib/http/message.ts";
import type { RequestMatch } from "../policy/client-policy.ts";
import type { ResolvedRule } from "./discover.ts";

/** The first rule that matches; undefined where none does. Rules come sorted by precedence from the controller. */
export function pickRule(
  rules: readonly ResolvedRule[],
  head: Pick<RequestHead, "method" | "path">,
): ResolvedRule | undefined {
  for (const rule of rules)
    if (rule.matches.length === 0 || rule.matches.some((match) => matches(match, head)))
      return rule;
  return undefined;
}

/** Picks a backend by weight; `chance` is 0 (inclusive) to 1 (exclusive). Undefined where no weight is above 0. */
export function pickBackend(
  rule: ResolvedRule,
  chance: number,
): ResolvedRule["backends"][number] | undefined {
  if (rule.backends.length === 1) return rule.backends[0];
  let left = chance * rule.totalWeight;
  for (const backend of rule.backends) {
    left -= backend.weight;
    if (left < 0) return backend;
  }
  return undefined;
}

function matches(
  { path, method }: RequestMatch,
  head: Pick<RequestHead, "method" | "path">,
): boolean {
  if (method !== undefined && method !== head.method) return false;
  if (path === undefined) return true;
  const query = head.path.indexOf("?");
  const asked = query < 0 ? head.path : head.path.slice(0, query);
  switch (path.type) {
    case "exact":
      return asked === path.value;
    case "prefix":
      return isBelow(asked, path.value);
    case "regex":
      return path.value.test(asked);
  }
}

/** A prefix matches whole segments: `/foo` does not match `/foobar`. */
function isBelow(asked: string, prefix: string): boolean {
  if (prefix === "/" || asked === prefix) return true;
  const folder = prefix.endsWith("/") ? prefix : `${prefix}/`;
  return asked.startsWith(folder) || `${asked}/` === folder;
}
