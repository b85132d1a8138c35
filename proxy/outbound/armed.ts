/** What a request is given with its rule: the times that it has and its retries, its own where it may say so (P19, P33, P35). */

import type { Alarms } from "#lib/stack/alarms.ts";
import { RequestLimits, type RequestTimes, requestTimes } from "../http/request-limits.ts";
import { Retry } from "../http/retry.ts";
import { type Overrides, type RetryOverrides, takeOverrides } from "../policy/request-overrides.ts";
import type { RetryRule } from "../policy/retry-rule.ts";
import type { OutboundRequest } from "./outbound-route.ts";
import type { ResolvedRule } from "./resolved.ts";

/** How a request is tried again that says so itself, as far as it does not say more. */
const BY_HEADERS: RetryRule = {
  limit: 1,
  maxRequestBytes: 64 * 1024,
  statuses: [],
  codes: [],
  timeoutMs: undefined,
  backoff: { minMs: 25, maxMs: 250, jitter: 1 },
  profile: undefined,
};

/** Starts the times of a request that goes by this rule, and says how it is tried again. */
export function armRequest(request: OutboundRequest, rule: ResolvedRule, alarms: Alarms): void {
  const said = rule.allowsHeaders ? takeOverrides(request.request.headers) : undefined;
  const retry = said?.retry === undefined ? rule.retry : ruleOf(rule.retry, said.retry);
  if (retry !== undefined && rule.retries !== undefined)
    request.retry = new Retry(retry, rule.retries, request.request.authority);
  const times = said === undefined ? rule.times : timesOf(rule.times, said);
  if (times !== undefined) request.limits = new RequestLimits(request, times, alarms);
}

function ruleOf(rule: RetryRule | undefined, said: RetryOverrides): RetryRule {
  const base = rule ?? BY_HEADERS;
  return {
    ...base,
    limit: said.limit ?? base.limit,
    statuses: said.statuses ?? base.statuses,
    codes: said.codes ?? base.codes,
    timeoutMs: said.timeoutMs ?? base.timeoutMs,
  };
}

function timesOf(
  times: RequestTimes | undefined,
  { requestMs, responseMs, retry }: Overrides,
): RequestTimes | undefined {
  const headersMs = retry?.timeoutMs;
  if (requestMs === undefined && responseMs === undefined && headersMs === undefined) return times;
  return requestTimes({
    ...times,
    ...(requestMs !== undefined && { requestMs }),
    ...(responseMs !== undefined && { responseMs }),
    ...(headersMs !== undefined && { headersMs }),
  });
}
