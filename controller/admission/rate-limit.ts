/** HTTPLocalRateLimitPolicy: what it is about, and limits that can be reached (ADM9). */

import { isNumber, list, object, optional, type Shape } from "#lib/k8s/shape.ts";
import { isOf, type Reference } from "../core/reference.ts";
import { POLICY_GROUP } from "../core/route.ts";
import { isReference } from "./references.ts";

interface Rate {
  readonly requestsPerSecond: number;
}

/** Its spec. */
export interface RateLimitSpec {
  readonly targetRef: Reference;
  readonly total?: Rate | null;
  readonly identity?: Rate | null;
  readonly overrides?: readonly (Rate & { readonly clientRefs: readonly Reference[] })[] | null;
}

const rate = { requestsPerSecond: isNumber };

/** Whether a spec can be read. */
export const isRateLimitSpec: Shape = object({
  targetRef: isReference,
  total: optional(object(rate)),
  identity: optional(object(rate)),
  overrides: optional(list(object({ ...rate, clientRefs: list(isReference) }))),
});

/** ADM9. */
export function rateLimitProblems(spec: RateLimitSpec): string[] {
  const { targetRef, total, identity } = spec;
  const overrides = spec.overrides ?? [];
  const most = total?.requestsPerSecond ?? Number.POSITIVE_INFINITY;
  return [
    ...(isOf(targetRef, POLICY_GROUP, "Server")
      ? []
      : [`spec.targetRef: a ${targetRef.kind} has no rate limit: it must be a Server`]),
    ...(total ? limitProblems(total, most, "spec.total") : []),
    ...(identity ? limitProblems(identity, most, "spec.identity") : []),
    ...overrides.flatMap((each, index) => [
      ...limitProblems(each, most, `spec.overrides[${index}]`),
      ...clientProblems(each.clientRefs, `spec.overrides[${index}].clientRefs`),
    ]),
  ];
}

function limitProblems({ requestsPerSecond }: Rate, most: number, field: string): string[] {
  if (requestsPerSecond <= 0) return [notPositive(field)];
  return requestsPerSecond > most
    ? [
        `${field}.requestsPerSecond: ${requestsPerSecond} is above the total of ${most}, and would never be reached`,
      ]
    : [];
}

const clientProblems = (clients: readonly Reference[], field: string): string[] =>
  clients
    .filter((client) => !isOf(client, "", "ServiceAccount"))
    .map(({ kind }) => `${field}: a ${kind} is no client: it must be a ServiceAccount`);

const notPositive = (field: string): string =>
  `${field}.requestsPerSecond: it must be above 0; to deny, use an authorization`;
