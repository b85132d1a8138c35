/** Requests as they came, for those who look later: filters and the mesh change what goes on. */

import type { RequestHead } from "#lib/http/message.ts";
import type { InboundRule } from "../policy/server-policy.ts";
import type { InboundCaller, InboundRequest } from "./stack.ts";

/**
 * Keeps a request as it came, where somebody will look: policy at what may become a tunnel (P46), a tap at its route, the
 * access log at what a filter may change. Most requests are not kept, and cost nothing.
 */
export function keepArrived(
  request: InboundRequest,
  { filters }: Pick<InboundRule, "filters">,
  { access, lookers }: Pick<InboundCaller, "access" | "lookers">,
): void {
  const looked =
    mayBecomeTunnel(request) ||
    lookers?.taps.active === true ||
    (access !== undefined && filters.length > 0);
  if (looked) request.arrived = copyOf(request.request);
}

/** The request as it came, as far as that was kept. */
export const arrivedOf = ({
  arrived,
  request,
}: Pick<InboundRequest, "arrived" | "request">): RequestHead => arrived ?? request;

/** What asks for one has no end yet. */
function mayBecomeTunnel({ attempt, request }: InboundRequest): boolean {
  return request.method === "CONNECT" || (!attempt.ended && request.headers.has("upgrade"));
}

function copyOf(head: RequestHead): RequestHead {
  return { ...head, headers: head.headers.clone() };
}
