/** Label selectors: as an object's field, and in kubectl's syntax. */

import type { LabelSelector } from "./types/meta.ts";

type Labels = Readonly<Record<string, string>> | undefined;

/** Whether labels satisfy a selector; an empty one takes everything, a missing one nothing (Kubernetes' rule). */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  const have = labels ?? {};
  const equal = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => have[key] === value,
  );
  return equal && (selector.matchExpressions ?? []).every((rule) => matchesRule(rule, have));
}

type Rule = { readonly key: string; readonly operator: string; readonly values?: string[] };

function matchesRule({ key, operator, values = [] }: Rule, labels: NonNullable<Labels>): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}
