/** What a request is given with its rule: the times that it has, its own where it may say so (P19, P35). */

import type { DeadlineQueues } from "#lib/stack/deadline-queue.ts";
import { RequestLimits, type RequestTimes } from "../http/request-limits.ts";
import { type Overrides, takeOverrides } from "../policy/request-overrides.ts";
import type { ResolvedRule } from "./resolved.ts";
import type { OutboundRequest } from "./stack.ts";

/** Starts the times of a request that goes by this rule. */
export function armRequest(
  request: OutboundRequest,
  rule: ResolvedRule,
  queues: DeadlineQueues,
): void {
  const said = rule.allowsHeaders ? takeOverrides(request.request.headers) : undefined;
  const times = said === undefined ? rule.times : overridden(rule.times, said, queues);
  if (times !== undefined) request.limits = new RequestLimits(request, times);
}

function overridden(
  times: RequestTimes | undefined,
  { requestMs, responseMs }: Overrides,
  queues: DeadlineQueues,
): RequestTimes | undefined {
  if (requestMs === undefined && responseMs === undefined) return times;
  return {
    ...times,
    ...(requestMs !== undefined && { request: queues.of(requestMs) }),
    ...(responseMs !== undefined && { response: queues.of(responseMs) }),
  };
}
