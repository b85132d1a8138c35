/** Where a rule leads, as messages that all kinds of routes share. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MetadataSchema } from "#lib/api/gen/proxy/meta_pb.ts";
import type { Backend_BalanceP2cSchema, BackendSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import type {
  OutboundBackend,
  OutboundFilter,
  OutboundRef,
  OutboundTarget,
} from "../core/outbound-backends.ts";
import type { OutboundRule } from "../core/outbound-routes.ts";
import type { LoadPenalty } from "../core/traffic.ts";
import { duration, fromIp, madeUp } from "./convert.ts";
import { fromEndpoint } from "./endpoint-sets.ts";

const QUEUE = { capacity: 100, failfastTimeout: duration(3000) };
const LOAD = { defaultRtt: duration(30), decay: duration(10_000) };

type BackendInit = MessageInitShape<typeof BackendSchema>;
type Load = NonNullable<MessageInitShape<typeof Backend_BalanceP2cSchema>["load"]>;

/** One backend of a route, with filters of the route's kind. */
type RouteBackend<Filter> = {
  readonly backend: BackendInit;
  readonly filters: Filter[];
  readonly requestTimeout?: ReturnType<typeof duration>;
};

/** A distribution of any kind of route. */
export type Distribution<Filter> = {
  readonly kind:
    | { readonly case: "empty"; readonly value: Record<never, never> }
    | {
        readonly case: "firstAvailable";
        readonly value: { readonly backends: RouteBackend<Filter>[] };
      }
    | {
        readonly case: "randomAvailable";
        readonly value: {
          readonly backends: { readonly backend: RouteBackend<Filter>; readonly weight: number }[];
        };
      };
};

/** Writes where a rule leads. */
export function distributionOf<Filter>(
  { shared, backends, backendRequestMs }: OutboundRule<unknown, unknown>,
  how: { readonly domain: string; readonly fromFilter: (filter: OutboundFilter) => Filter },
): Distribution<Filter> {
  const write = (backend: OutboundBackend): RouteBackend<Filter> => ({
    backend: fromBackend(backend, how.domain),
    filters: backend.filters.map(how.fromFilter),
    ...(backendRequestMs !== undefined && { requestTimeout: duration(backendRequestMs) }),
  });
  if (backends.length === 0) return { kind: { case: "empty", value: {} } };
  if (!shared)
    return { kind: { case: "firstAvailable", value: { backends: backends.map(write) } } };
  const weighted = backends.map((each) => ({ backend: write(each), weight: each.weight }));
  return { kind: { case: "randomAvailable", value: { backends: weighted } } };
}

function fromBackend({ ref, target, weight }: OutboundBackend, domain: string): BackendInit {
  const kind = fromTarget(target, { weight, domain });
  return { metadata: metadataOf(ref), queue: QUEUE, ...(kind && { kind }) };
}

function fromTarget(
  target: OutboundTarget,
  { weight, domain }: { readonly weight: number; readonly domain: string },
): BackendInit["kind"] {
  switch (target.type) {
    case "none":
      return undefined;
    case "forward": {
      const { ip, port, endpoint } = target;
      const addr = { ip: fromIp(ip), port };
      const value = endpoint === undefined ? { addr, weight } : fromEndpoint(endpoint, weight);
      return { case: "forward", value };
    }
    case "balancer": {
      const { name, namespace, port, load } = target;
      const path = `${name}.${namespace}.svc.${domain}:${port}`;
      const discovery = { kind: { case: "dst" as const, value: { path } } };
      return { case: "balancer", value: { discovery, load: fromLoad(load) } };
    }
  }
}

function fromLoad(load: LoadPenalty | undefined): Load {
  if (load === undefined) return { case: "peakEwma", value: LOAD };
  const value = {
    ...LOAD,
    penalty: duration(load.penaltyMs),
    maxRetryAfter: duration(load.maxRetryAfterMs),
    penaltyDecay: duration(10_000),
  };
  return { case: "penaltyPeakEwma", value };
}

/** Writes where something comes from. */
export function metadataOf(ref: OutboundRef): MessageInitShape<typeof MetadataSchema> {
  if (ref.type === "default") return madeUp(ref.name);
  const { group, kind, name, namespace, port } = ref;
  return { kind: { case: "resource", value: { group, kind, name, namespace, port } } };
}
