/** Policies of the bench: rules by the hundred, and what a Service or a port may have armed. */

import type { FakeBackend, FakeService } from "../fake/control-plane.ts";
import type { FakeServer } from "../fake/server-message.ts";

type Policy = NonNullable<FakeService["policy"]>;

const LONG = { seconds: 10n, nanos: 0 };
const named = (name: string) => ({
  kind: {
    case: "resource" as const,
    value: { group: "policy.linkerd.io", kind: "HTTPRoute", namespace: "bench", name },
  },
});
const path = (kind: "exact" | "prefix", value: string) => ({
  matches: [{ path: { kind: { case: kind, value } } }],
});

/** Retries and timeouts, none of which any request comes to. */
const ARMED = {
  timeouts: { request: LONG, response: LONG, idle: LONG },
  retry: {
    maxRetries: 1,
    maxRequestBytes: 65_536,
    conditions: { statusRanges: [{ start: 500, end: 599 }] },
  },
};

/** So many rules of one route, of which the last takes every request; with `armed` it may be tried again and has times. */
export function rulesOf(
  count: number,
  { armed = false }: { readonly armed?: boolean } = {},
): Policy {
  return (backend: FakeBackend) => {
    const backends = {
      kind: { case: "firstAvailable" as const, value: { backends: [{ backend }] } },
    };
    const others = Array.from({ length: count - 1 }, (_, at) => ({
      ...path("exact", `/other/${at}`),
      backends,
    }));
    const rules = [...others, { ...path("prefix", "/"), backends, ...(armed && ARMED) }];
    const routes = [{ metadata: named("route"), rules }];
    return {
      metadata: named("service"),
      protocol: { kind: { case: "http1", value: { routes } } },
    };
  };
}

/** A port that one identity may call, by a route of its own, up to a rate that nobody comes to. */
export function restricted(client: string): FakeServer {
  const any = ["0.0.0.0", "::"].map((ip) => ({
    net: {
      ip: {
        ip:
          ip === "::" ? { case: "ipv6" as const, value: {} } : { case: "ipv4" as const, value: 0 },
      },
      prefixLen: 0,
    },
  }));
  const identities = { identities: [{ name: client }], suffixes: [] };
  const clients = { case: "identities" as const, value: identities };
  const authorization = {
    networks: any,
    authentication: { permit: { case: "meshTLS" as const, value: { clients } } },
    metadata: named("authorization"),
  };
  const route = {
    metadata: named("route"),
    authorizations: [authorization],
    rules: [path("prefix", "/")],
  };
  const localRateLimit = {
    metadata: named("limit"),
    total: { requestsPerSecond: 1_000_000 },
    identity: { requestsPerSecond: 1_000_000 },
  };
  return {
    labels: { group: "policy.linkerd.io", kind: "server", name: "bench" },
    protocol: { kind: { case: "http1", value: { routes: [route], localRateLimit } } },
  };
}
