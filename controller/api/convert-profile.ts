/** Profile of a destination as a message (proxy-api.md, 3.8). */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  DestinationProfileSchema,
  RequestMatchSchema,
  ResponseMatchSchema,
  RetryBudgetSchema,
  RouteSchema,
} from "#lib/api/gen/proxy/destination_pb.ts";
import type { Profile } from "../core/profile.ts";
import type {
  ProfileRoute,
  RequestCondition,
  ResponseCondition,
  RetryBudget,
  ServiceProfile,
} from "../core/service-profile.ts";
import { holds } from "../core/workload.ts";
import { duration } from "./convert.ts";
import { fromMethod } from "./convert-route.ts";
import { fromEndpoint } from "./endpoint-sets.ts";

/** A profile as a message before it is encoded. */
export type ProfileInit = MessageInitShape<typeof DestinationProfileSchema>;

/** The budget of retries where no ServiceProfile has one (DST16). */
const DEFAULT_BUDGET: RetryBudget = { ratio: 0.2, minPerSecond: 10, ttlMs: 10_000 };

/** Writes a profile; of one whose Services cannot be told apart there is none. */
export function fromProfile(
  profile: Exclude<Profile, { readonly type: "conflict" }>,
  clusterDomain: string,
): ProfileInit {
  switch (profile.type) {
    case "empty":
      return {};
    case "endpoint": {
      const { endpoint, opaque } = profile;
      return {
        retryBudget: fromBudget(DEFAULT_BUDGET),
        opaqueProtocol: opaque,
        ...(endpoint && { endpoint: fromEndpoint(endpoint) }),
      };
    }
    case "service":
      return fromService(profile, clusterDomain);
  }
}

function fromService(
  { name, namespace, port, opaque, profile }: Profile & { readonly type: "service" },
  clusterDomain: string,
): ProfileInit {
  const parent = { group: "core", kind: "Service", name, namespace, port };
  const plain: ProfileInit = {
    ...budgetOf(profile),
    fullyQualifiedName: `${name}.${namespace}.svc.${clusterDomain}`,
    opaqueProtocol: opaque || holds(profile?.opaque ?? [], port),
    parentRef: { kind: { case: "resource", value: parent } },
  };
  if (profile === undefined) return plain;
  const ref = { group: "linkerd.io", kind: "ServiceProfile" };
  const value = { ...ref, name: profile.name, namespace: profile.namespace };
  return {
    ...plain,
    routes: profile.routes.map(fromRoute),
    dstOverrides: profile.overrides.map(({ authority, weight }) => ({
      authority: withPort(authority, port),
      weight,
    })),
    profileRef: { kind: { case: "resource", value } },
  };
}

/** A name without a port is meant for the port that is asked for. */
const withPort = (authority: string, port: number): string =>
  /:\d+$/.test(authority) ? authority : `${authority}:${port}`;

type BudgetInit = MessageInitShape<typeof RetryBudgetSchema>;

/** Without a budget nothing is tried again. */
function budgetOf(profile: ServiceProfile | undefined): { retryBudget?: BudgetInit } {
  const budget = profile?.budget ?? "default";
  if (budget === "none") return {};
  return { retryBudget: fromBudget(budget === "default" ? DEFAULT_BUDGET : budget) };
}

const fromBudget = ({ ratio, minPerSecond, ttlMs }: RetryBudget): BudgetInit => ({
  retryRatio: ratio,
  minRetriesPerSecond: minPerSecond,
  ttl: duration(ttlMs),
});

function fromRoute({
  name,
  condition,
  responseClasses,
  isRetryable,
  timeoutMs,
}: ProfileRoute): MessageInitShape<typeof RouteSchema> {
  return {
    condition: fromRequest(condition),
    responseClasses: responseClasses.map((each) => ({
      condition: fromResponse(each.condition),
      isFailure: each.isFailure,
    })),
    metricsLabels: { route: name },
    isRetryable,
    ...(timeoutMs > 0 && { timeout: duration(timeoutMs) }),
  };
}

function fromRequest(condition: RequestCondition): MessageInitShape<typeof RequestMatchSchema> {
  switch (condition.type) {
    case "all":
    case "any":
      return {
        match: { case: condition.type, value: { matches: condition.of.map(fromRequest) } },
      };
    case "not":
      return { match: { case: "not", value: fromRequest(condition.of) } };
    case "path":
      return { match: { case: "path", value: { regex: condition.regex } } };
    case "method":
      return { match: { case: "method", value: fromMethod(condition.method) } };
  }
}

function fromResponse(condition: ResponseCondition): MessageInitShape<typeof ResponseMatchSchema> {
  switch (condition.type) {
    case "all":
    case "any":
      return {
        match: { case: condition.type, value: { matches: condition.of.map(fromResponse) } },
      };
    case "not":
      return { match: { case: "not", value: fromResponse(condition.of) } };
    case "status":
      return { match: { case: "status", value: { min: condition.min, max: condition.max } } };
  }
}
