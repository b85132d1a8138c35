/** The station of balancers: an endpoint, or the queue in front of them, as it is counted (MET34). */

import type { Station, Verdict } from "#lib/stack/stack.ts";
import type { OutboundRequest, OutboundRoute } from "./outbound-route.ts";

/** A request, or another try of it, is at its balancer. */
function enterQueue(route: OutboundRoute): void {
  route.queued = true;
  const use = route.backend?.use;
  if (use !== undefined) route.enteredMs = use.entered();
}

/** It has an endpoint, or will get none. */
export function leaveQueue(route: OutboundRoute): void {
  if (route.enteredMs < 0) return;
  route.backend?.use?.left(route.enteredMs);
  route.enteredMs = -1;
}

/** Picks an endpoint, or waits for one. */
export const balance: Station<OutboundRequest> = {
  name: "balance",
  enter: (request): Verdict => {
    const { route } = request;
    if (!route.queued) enterQueue(route);
    route.endpoint = route.balancer?.pick();
    if (route.endpoint !== undefined) {
      if (route.enteredMs >= 0) leaveQueue(route);
      return "next";
    }
    route.request = request;
    const waiting = route.balancer?.wait(route);
    if (waiting === "waiting") {
      route.backend?.use?.waits();
      return "parked";
    }
    leaveQueue(route);
    if (waiting === "full") request.fail("loadshed", "queue is full");
    else request.fail("failfast", "service in fail-fast");
    return "answered";
  },
};
