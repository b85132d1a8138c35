/** What a route of a ServiceProfile says of how its requests are counted. */

import type { RetryRule } from "./retry-rule.ts";

/** Which answers are failures. */
export type Failures = Pick<RetryRule, "statuses" | "codes">;

/** A route, or what none of a profile's routes takes. */
export interface ProfileRule {
  /** `dst`, the profile's name and port, and `rt_*` of the route. */
  readonly labels: Readonly<Record<string, string>>;
  /** By its response classes; undefined: what fails by default. */
  readonly failures: Failures | undefined;
}

/** The rule of a route with these labels, of the profile `dst`. */
export function profileRule(
  dst: string,
  { labels, failures }: { readonly labels: ProfileRule["labels"]; readonly failures: Failures },
): ProfileRule {
  const named = Object.entries(labels).map(([name, value]) => [`rt_${name}`, value]);
  return { labels: { dst, ...Object.fromEntries(named) }, failures };
}
