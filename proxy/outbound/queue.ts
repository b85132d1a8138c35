/** The station of balancers: an endpoint, or the queue in front of them, as it is counted (MET34). */

import type { Station, Verdict } from "#lib/stack/stack.ts";
import type { OutboundRequest } from "./outbound-route.ts";

/** Picks an endpoint, or waits for one. */
export const balance: Station<OutboundRequest> = {
  name: "balance",
  enter: (request): Verdict => {
    const { route } = request;
    route.enterQueue();
    route.endpoint = route.balancer?.pick();
    if (route.endpoint !== undefined) {
      route.leaveQueue();
      return "next";
    }
    route.request = request;
    const waiting = route.balancer?.wait(route);
    if (waiting === "waiting") {
      route.backend?.use?.waits();
      return "parked";
    }
    route.leaveQueue();
    if (waiting === "full") request.fail("loadshed", "queue is full");
    else request.fail("failfast", "service in fail-fast");
    return "answered";
  },
};
