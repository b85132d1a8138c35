/** ServiceProfiles into the proxy's own types; routes and classes that cannot be known are left out, as Linkerd's proxy does: they let nobody in. */

import type {
  DestinationProfile,
  HttpStatusRange,
  RequestMatch,
  ResponseClass,
  ResponseMatch,
  RetryBudget,
  Route,
} from "#lib/api/gen/proxy/destination_pb.ts";
import { createPattern } from "#lib/http/pattern.ts";
import type { RetryBudgetOptions } from "#lib/stack/retry-budget.ts";
import type { Profile, ProfileRoute } from "../policy/profile.ts";
import type { Failures } from "../policy/profile-rule.ts";
import type { RequestCondition } from "../policy/request-condition.ts";
import type { StatusRange } from "../policy/retry-rule.ts";
import { toEndpoint, toMs } from "./convert.ts";
import { toMethod } from "./convert-match.ts";
import { PolicyError } from "./policy-error.ts";

const TTL_MS = { least: 1000, most: 60_000 };
const RATIO_LIMIT = 1000;
/** Codes of gRPC that are failures where no class says so. */
const FAILED_CODES = [2, 4, 7, 12, 13, 14, 15];
const FIRST_STATUS = 100;
const LAST_STATUS = 599;

/** Reads a profile. */
export function toProfile(message: DestinationProfile): Profile {
  return {
    name: message.fullyQualifiedName,
    endpoint: toEndpoint(message.endpoint, {}),
    opaque: message.opaqueProtocol,
    routes: message.routes.flatMap((route) => toRoute(route) ?? []),
    budget: toBudget(message.retryBudget),
    overrides: message.dstOverrides.filter(({ weight }) => weight > 0),
  };
}

function toBudget(message: RetryBudget | undefined): RetryBudgetOptions | undefined {
  const ttlMs = toMs(message?.ttl, 0);
  const ratio = message?.retryRatio ?? -1;
  if (!(ratio >= 0 && ratio <= RATIO_LIMIT) || ttlMs < TTL_MS.least || ttlMs > TTL_MS.most)
    return undefined;
  return { ratio, minPerSecond: message?.minRetriesPerSecond ?? 0, ttlMs };
}

function toRoute({
  condition,
  responseClasses,
  metricsLabels,
  isRetryable,
  timeout,
}: Route): ProfileRoute | undefined {
  const met = condition && toCondition(condition);
  if (met === undefined) return undefined;
  const timeoutMs = toMs(timeout, 0);
  return {
    condition: met,
    timeoutMs: timeoutMs > 0 ? timeoutMs : undefined,
    failures: failuresOf(responseClasses),
    retryable: isRetryable,
    labels: metricsLabels,
  };
}

/** A condition; undefined where a part of it is not known. */
function toCondition({ match }: RequestMatch): RequestCondition | undefined {
  switch (match.case) {
    case "all":
    case "any": {
      const of = match.value.matches.map(toCondition);
      return of.length === 0 || of.includes(undefined)
        ? undefined
        : { type: match.case, of: of.flatMap((each) => each ?? []) };
    }
    case "not": {
      const of = toCondition(match.value);
      return of && { type: "not", of };
    }
    case "path": {
      const pattern = createPattern(match.value.regex);
      return pattern && { type: "path", pattern };
    }
    case "method":
      return toMethodCondition(match.value);
    case undefined:
      return undefined;
  }
}

function toMethodCondition(message: Parameters<typeof toMethod>[0]): RequestCondition | undefined {
  try {
    return { type: "method", method: toMethod(message) };
  } catch (error) {
    if (error instanceof PolicyError) return undefined;
    throw error;
  }
}

/** Which answers are failures: the first class that takes a status says so, and where none does it is a 5xx, or a code that failed. */
function failuresOf(classes: readonly ResponseClass[]): Failures {
  const known = classes.flatMap(({ condition, isFailure }) => {
    const takes = condition && toStatusTest(condition);
    return takes === undefined ? [] : [{ takes, isFailure }];
  });
  const statuses: StatusRange[] = [];
  for (let status = FIRST_STATUS; status <= LAST_STATUS; status++) {
    const failed = known.find(({ takes }) => takes(status))?.isFailure ?? status >= 500;
    const before = statuses.at(-1);
    if (failed && before?.last === status - 1)
      statuses[statuses.length - 1] = { first: before.first, last: status };
    else if (failed) statuses.push({ first: status, last: status });
  }
  return { statuses, codes: known.some(({ takes }) => takes(200)) ? [] : FAILED_CODES };
}

type StatusTest = (status: number) => boolean;

function toStatusTest({ match }: ResponseMatch): StatusTest | undefined {
  switch (match.case) {
    case "all":
    case "any": {
      const tests = match.value.matches.map(toStatusTest);
      if (tests.length === 0 || tests.includes(undefined)) return undefined;
      return match.case === "all"
        ? (status) => tests.every((test) => test?.(status) === true)
        : (status) => tests.some((test) => test?.(status) === true);
    }
    case "not": {
      const test = toStatusTest(match.value);
      return test && ((status) => !test(status));
    }
    case "status":
      return toRangeTest(match.value);
    case undefined:
      return undefined;
  }
}

function toRangeTest({ min, max }: HttpStatusRange): StatusTest | undefined {
  const isStatus = (status: number): boolean => status >= FIRST_STATUS && status <= 999;
  return isStatus(min) && isStatus(max) ? (status) => status >= min && status <= max : undefined;
}
