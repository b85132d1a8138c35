/** HTTPRoute and GRPCRoute of both groups (ADM7), TLSRoute and TCPRoute (ADM8): what their reader says of them. */

import type { Marks } from "#lib/k8s/annotations.ts";
import { isObject } from "#lib/k8s/shape.ts";
import type { KeptPolicy } from "../index/kept-objects.ts";
import { RouteReview } from "../index/route-review.ts";
import { toGrpcRoute, toHttpRoute, toStreamRoute } from "../index/routes.ts";
import { routeTrafficFaults } from "../index/traffic.ts";

type RouteKind = "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute";
const KINDS: readonly string[] = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"];

/** Whether a kind is one of routes. */
export const isRouteKind = (kind: string): kind is RouteKind => KINDS.includes(kind);

/** Reads a route as it will be read once it is stored; undefined where there is nothing to read. */
export function reviewRoute({
  group,
  kind,
  spec,
  annotations,
}: {
  readonly group: string;
  readonly kind: string;
  readonly spec: unknown;
  readonly annotations?: Marks;
}): RouteReview | undefined {
  if (!isRouteKind(kind) || !isObject(spec)) return undefined;
  const review = new RouteReview();
  read({ spec }, { group, kind, review });
  if (review.isOutbound && (kind === "HTTPRoute" || kind === "GRPCRoute"))
    for (const fault of routeTrafficFaults(annotations, kind)) review.refuse(`metadata: ${fault}`);
  return review;
}

function read(
  route: KeptPolicy,
  how: { readonly group: string; readonly kind: RouteKind; readonly review: RouteReview },
): void {
  const { group, kind, review } = how;
  if (kind === "HTTPRoute") toHttpRoute(route, group, review);
  else if (kind === "GRPCRoute") toGrpcRoute(route, review);
  else toStreamRoute(route, kind, review);
}
