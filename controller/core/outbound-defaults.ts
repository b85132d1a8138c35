/** What holds where no route does: everything goes to the Service, or by what an EgressNetwork says (OUT5, OUT10). */

import {
  type OutboundBackend,
  type OutboundFilter,
  parentBackend,
  type Resolving,
  withoutLoad,
} from "./outbound-backends.ts";
import type {
  GrpcOutbound,
  HttpOutbound,
  OutboundRule,
  StreamOutbound,
} from "./outbound-routes.ts";
import type { HttpMatch } from "./route.ts";

/** Whose they are: a Service's hold only without routes, an EgressNetwork's after them. */
export type Defaults = "service" | "egress-allow" | "egress-deny";

/** What default routes are made of. */
export type WithDefaults = Resolving & { readonly defaults: Defaults };

/** Takes every request. */
export const ANY_REQUEST: HttpMatch = {
  path: { type: "prefix", value: "/" },
  method: undefined,
  headers: [],
  queryParams: [],
};

const DENIED: OutboundFilter = {
  type: "refuse",
  why: "forbidden",
  message: "traffic not allowed",
};

/** A rule that nobody wrote. */
export const plainRule = (backend: OutboundBackend): OutboundRule<never, never> => ({
  matches: [],
  filters: [],
  shared: false,
  backends: [backend],
  timeouts: undefined,
  backendRequestMs: undefined,
  retry: undefined,
  attached: false,
});

/** Where it is denied it leads nowhere, for those too who do not know the filter. */
function ruleOf({ parent, defaults }: WithDefaults): OutboundRule<never, never> {
  const backend = parentBackend(parent);
  return defaults === "egress-deny"
    ? { ...plainRule({ ...backend, target: { type: "none" } }), filters: [DENIED] }
    : plainRule(backend);
}

const nameOf = (kind: string, { defaults }: WithDefaults): StreamOutbound["ref"] => ({
  type: "default",
  name: `${kind}-${defaults}`,
});

/** Requests, by what the parent says of retries and timeouts (OUT8); `attached` routes come before. */
export function defaultHttp(attached: number, by: WithDefaults): readonly HttpOutbound[] {
  const { defaults, parent } = by;
  if (defaults === "service" && attached > 0) return [];
  const { httpRetry: retry, timeouts } = parent.traffic;
  const rule = { ...ruleOf(by), matches: [ANY_REQUEST], retry, timeouts };
  const ref: HttpOutbound["ref"] =
    defaults === "service" ? { type: "default", name: "http" } : nameOf("http", by);
  return [{ ref, hosts: [], rules: [rule] }];
}

/** Calls; a Service's are known by its routes alone. */
export function defaultGrpc(by: WithDefaults): readonly GrpcOutbound[] {
  if (by.defaults === "service") return [];
  const { grpcRetry: retry, timeouts } = by.parent.traffic;
  const matches = [{ service: "", method: "", headers: [] }];
  const rule = { ...ruleOf(by), matches, retry, timeouts };
  return [{ ref: nameOf("grpc", by), hosts: [], rules: [rule] }];
}

/** TLS connections; a Service's are known by its routes alone. */
export function defaultTls(by: WithDefaults): readonly StreamOutbound[] {
  if (by.defaults === "service") return [];
  return [{ ref: nameOf("tls", by), hosts: [], rules: [ruleOf(by)] }];
}

/** Connections of any kind. */
export function defaultTcp(by: WithDefaults): StreamOutbound {
  const ref: StreamOutbound["ref"] =
    by.defaults === "service" ? { type: "default", name: "opaq" } : nameOf("tcp", by);
  return { ref, hosts: [], rules: [ruleOf({ ...by, parent: withoutLoad(by.parent) })] };
}
