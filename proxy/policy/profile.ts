/** What a ServiceProfile says of a destination, and the policy that it is (P23, P34). */

import type { RetryBudgetOptions } from "#lib/stack/retry-budget.ts";
import type {
  Backend,
  ClientPolicy,
  ClientProtocol,
  DefaultQueue,
  Distribution,
  Endpoint,
  Metadata,
  OpaqueRoute,
  Route,
  RouteBackend,
  Rule,
} from "./client-policy.ts";
import { UNLIMITED } from "./default-policy.ts";
import { type Failures, profileRule } from "./profile-rule.ts";
import type { RequestCondition } from "./request-condition.ts";

/** A route, for the requests that meet its condition first. */
export interface ProfileRoute {
  readonly condition: RequestCondition;
  readonly timeoutMs: number | undefined;
  /** Which answers are failures. */
  readonly failures: Failures;
  /** Whether those are tried again. */
  readonly retryable: boolean;
  /** Its labels in metrics, without prefix. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A profile as it comes for a destination. */
export interface Profile {
  /** The Service's whole name; empty where it is none. */
  readonly name: string;
  /** A pod, where the destination is one. */
  readonly endpoint: Endpoint | undefined;
  readonly opaque: boolean;
  readonly routes: readonly ProfileRoute[];
  /** Undefined: nothing is tried again. */
  readonly budget: RetryBudgetOptions | undefined;
  /** Where requests go instead of the Service: names with ports, each of a weight above 0. */
  readonly overrides: readonly { readonly authority: string; readonly weight: number }[];
}

/** Bodies that are kept to be sent again (proxy.md, row P34). */
const MAX_REQUEST_BYTES = 64 * 1024;

/** What a profile does not say. */
export interface ProfileOptions {
  readonly port: number;
  /** Milliseconds within which the first bytes have to say what is spoken. */
  readonly timeoutMs: number;
  readonly httpQueue: DefaultQueue;
  readonly tcpQueue: DefaultQueue;
}

/** Whether it holds in place of routes: it has some of its own, or leads elsewhere. */
export function isEffective({ name, routes, overrides }: Profile): boolean {
  return name !== "" && routes.length + overrides.length > 0;
}

/** The policy that a profile is, spoken as the other policy says; TLS, which is routed by name, is left as it is. */
export function profilePolicy(
  profile: Profile,
  { metadata, protocol }: ClientPolicy,
  { port, timeoutMs, httpQueue, tcpQueue }: ProfileOptions,
): ClientPolicy {
  const distribution = distributionOf(profile, port, { metadata, ...httpQueue });
  const dst = `${profile.name}:${port}`;
  const route: Route = {
    metadata,
    hosts: [],
    rules: [
      ...profile.routes.map((each) => ruleOf(each, { profile, distribution, dst })),
      {
        ...UNLIMITED,
        matches: [],
        filters: [],
        distribution,
        profile: { labels: { dst }, failures: undefined },
      },
    ],
  };
  const opaque: OpaqueRoute = {
    metadata,
    names: [],
    refusal: undefined,
    distribution: {
      ...distribution,
      choices: distribution.choices.map(({ backend, weight }) => ({
        ...{ backend: { ...backend, ...tcpQueue }, weight, refusal: undefined },
      })),
    },
  };
  const spoken = profile.opaque ? "opaque" : protocol.type;
  return { metadata, protocol: protocolOf() };

  function protocolOf(): ClientProtocol {
    switch (spoken) {
      case "opaque":
        return { type: "opaque", routes: [opaque] };
      case "http1":
      case "http2":
      case "grpc":
        return { type: spoken, routes: [route] };
      case "tls":
        return protocol;
      case "detect":
      case "invalid":
      case "unknown":
        return {
          type: "detect",
          timeoutMs: protocol.type === "detect" ? protocol.timeoutMs : timeoutMs,
          http1: [route],
          http2: [route],
          opaque: [opaque],
        };
    }
  }
}

function distributionOf(
  { name, overrides }: Profile,
  port: number,
  common: DefaultQueue & { readonly metadata: Metadata },
): Distribution<RouteBackend> {
  const own = [{ authority: `${name}:${port}`, weight: 1 }];
  const choices = (overrides.length > 0 ? overrides : own).map(({ authority, weight }) => {
    const target = {
      type: "balancer" as const,
      path: authority,
      defaultRttMs: 30,
      decayMs: 10_000,
    };
    const backend: Backend = {
      target,
      ...common,
      metadata: serviceOf(authority) ?? common.metadata,
    };
    return { backend, weight, filters: [] };
  });
  return { type: "random", choices };
}

/** The Service that a name with a port is of; undefined where it is no Service's. */
function serviceOf(authority: string): Metadata | undefined {
  const [, name, namespace, port] =
    /^([^.:]+)\.([^.:]+)\.svc(?:\.[^:]*)?:(\d+)$/i.exec(authority) ?? [];
  if (name === undefined || namespace === undefined) return undefined;
  return { group: "core", kind: "Service", namespace, name, section: "", port: Number(port) };
}

function ruleOf(
  route: ProfileRoute,
  {
    profile: { budget },
    distribution,
    dst,
  }: {
    readonly profile: Profile;
    readonly distribution: Distribution<RouteBackend>;
    readonly dst: string;
  },
): Rule {
  const { condition, timeoutMs, retryable, failures } = route;
  const rule = profileRule(dst, route);
  const profile = budget && { budget, labels: rule.labels };
  return {
    ...UNLIMITED,
    matches: [{ type: "condition", condition }],
    filters: [],
    distribution,
    timeouts: { ...UNLIMITED.timeouts, profileMs: timeoutMs },
    profile: rule,
    retry:
      !retryable || profile === undefined
        ? undefined
        : {
            ...failures,
            // The budget alone says when it is enough.
            limit: Number.POSITIVE_INFINITY,
            maxRequestBytes: MAX_REQUEST_BYTES,
            timeoutMs: undefined,
            backoff: undefined,
            profile,
          },
  };
}
