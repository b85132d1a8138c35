/** What an outbound policy says, as tests look at it. */

import type {
  HttpRoute,
  HttpRoute_RouteBackend,
  HttpRoute_Rule,
  OutboundPolicy,
} from "#lib/api/gen/proxy/outbound_pb.ts";

/** HTTP routes of a policy that is detected or is HTTP. */
export function httpOf({ protocol }: OutboundPolicy): readonly HttpRoute[] {
  const kind = protocol?.kind;
  if (kind?.case === "detect") return kind.value.http1?.routes ?? [];
  if (kind?.case === "http1" || kind?.case === "http2") return kind.value.routes;
  throw new Error(`no HTTP: ${kind?.case}`);
}

/** The first rule. */
export const ruleOf = (policy: OutboundPolicy): HttpRoute_Rule | undefined =>
  httpOf(policy)[0]?.rules[0];

/** Backends of the first rule. */
export function backendsOf(
  policy: OutboundPolicy,
): readonly (HttpRoute_RouteBackend & { readonly weight: number })[] {
  const kind = ruleOf(policy)?.backends?.kind;
  if (kind?.case === "firstAvailable")
    return kind.value.backends.map((each) => ({ ...each, weight: 1 }));
  if (kind?.case !== "randomAvailable") throw new Error(`no backends: ${kind?.case}`);
  return kind.value.backends.map(
    ({ backend: each, weight }) =>
      ({ ...each, weight }) as HttpRoute_RouteBackend & { weight: number },
  );
}

/** A time that is said in whole seconds. */
export const seconds = (each: { readonly seconds: bigint } | undefined): number | undefined =>
  each && Number(each.seconds);
