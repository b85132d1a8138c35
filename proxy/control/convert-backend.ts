/** Where rules send requests, into the proxy's own types; throws PolicyError for what the table of demands refuses (proxy-api.md, 3.9). */

import type { Backend as BackendMessage, Queue } from "#lib/api/gen/proxy/outbound_pb.ts";
import type { Backend, Distribution, RouteBackend } from "../policy/client-policy.ts";
import { toEndpoint, toMs } from "./convert.ts";
import { type FilterKind, toFilter } from "./convert-filter.ts";
import { demandMetadata } from "./demands.ts";
import { PolicyError } from "./policy-error.ts";

/** A backend of a route, of any kind of route. */
export interface RouteBackendLike<Kind> {
  readonly backend?: BackendMessage | undefined;
  readonly filters: readonly { readonly kind: Kind }[];
}

/** The parts of a distribution that all kinds of routes share. */
export interface DistributionLike<Kind> {
  readonly kind:
    | {
        readonly case: "firstAvailable";
        readonly value: { readonly backends: readonly RouteBackendLike<Kind>[] };
      }
    | {
        readonly case: "randomAvailable";
        readonly value: {
          readonly backends: readonly {
            readonly backend?: RouteBackendLike<Kind> | undefined;
            readonly weight: number;
          }[];
        };
      }
    | { readonly case: "empty"; readonly value: unknown }
    | { readonly case: undefined };
}

/** Reads the backends of a rule for requests. */
export function toDistribution(
  message: DistributionLike<FilterKind> | undefined,
): Distribution<RouteBackend> {
  return readDistribution(message, ({ backend, filters }, weight) => ({
    backend: toBackend(backend),
    weight,
    filters: filters.map(toFilter),
  }));
}

/** Reads the backends of a rule of any kind. */
export function readDistribution<Kind, Choice>(
  message: DistributionLike<Kind> | undefined,
  read: (backend: RouteBackendLike<Kind>, weight: number) => Choice,
): Distribution<Choice> {
  const kind = message?.kind;
  switch (kind?.case) {
    case "firstAvailable":
      return { type: "first", choices: some(kind.value.backends.map((each) => read(each, 1))) };
    case "randomAvailable":
      return {
        type: "random",
        choices: some(
          kind.value.backends.map(({ backend, weight }) => {
            if (backend === undefined) throw new PolicyError("backend", "a weight has no backend");
            return read(backend, weight);
          }),
        ),
      };
    case "empty":
      return { type: "random", choices: [] };
    case undefined:
      throw new PolicyError("backend", "a rule has no distribution");
  }
}

function some<Choice>(choices: readonly Choice[]): readonly Choice[] {
  if (choices.length === 0) throw new PolicyError("backend", "a distribution is empty");
  return choices;
}

/** Reads a backend. */
export function toBackend(message: BackendMessage | undefined): Backend {
  if (message === undefined) throw new PolicyError("backend", "a backend is missing");
  const { capacity, failfastTimeout } = demandQueue(message.queue);
  return {
    metadata: demandMetadata(message.metadata),
    target: toTarget(message),
    queueCapacity: capacity,
    failfastMs: toMs(failfastTimeout, 0),
  };
}

function demandQueue(queue: Queue | undefined): Queue {
  if (queue?.failfastTimeout === undefined)
    throw new PolicyError("backend", "a backend's queue has no time to fail");
  return queue;
}

function toTarget({ kind }: BackendMessage): Backend["target"] {
  switch (kind.case) {
    case "balancer": {
      const path = kind.value.discovery?.kind.value?.path;
      if (path === undefined) throw new PolicyError("backend", "a balancer discovers nothing");
      return { type: "balancer", path, ...toLoad(kind.value.load) };
    }
    case "forward": {
      const endpoint = toEndpoint(kind.value, {});
      if (endpoint === undefined)
        throw new PolicyError("backend", "an endpoint has no address that is known");
      return { type: "forward", endpoint };
    }
    case undefined:
      return { type: "fail", message: "backend is invalid" };
  }
}

type BalancerTarget = Extract<Backend["target"], { readonly type: "balancer" }>;
type Load = NonNullable<(BackendMessage["kind"] & { case: "balancer" })["value"]>["load"];

function toLoad(load: Load): Pick<BalancerTarget, "defaultRttMs" | "decayMs" | "penalty"> {
  switch (load.case) {
    case "peakEwma": {
      const { defaultRtt, decay } = load.value;
      if (defaultRtt === undefined || decay === undefined)
        throw new PolicyError("backend", "a balancer has no load");
      return { defaultRttMs: toMs(defaultRtt, 0), decayMs: toMs(decay, 0) };
    }
    case "penaltyPeakEwma": {
      const { defaultRtt, decay, penalty, maxRetryAfter } = load.value;
      return {
        defaultRttMs: toMs(defaultRtt, 30),
        decayMs: toMs(decay, 10_000),
        penalty: {
          penaltyMs: toMs(penalty, 5000),
          maxRetryAfterMs: toMs(maxRetryAfter, 300_000),
        },
      };
    }
    case undefined:
      throw new PolicyError("backend", "a balancer has no load");
  }
}
