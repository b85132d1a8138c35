import { expect, test } from "bun:test";
import type { Destination } from "./discover.ts";
import { type OutboundRequest, OutboundRoute } from "./outbound-route.ts";
import type { ResolvedBackend } from "./resolved.ts";

/** A request that waits at its balancer, and what was counted of it. */
function waiting(request: Partial<OutboundRequest>) {
  const told: string[] = [];
  const route = new OutboundRoute({} as Destination);
  const use = {
    entered: () => told.push("entered"),
    woken: () => told.push("woken"),
    left: () => told.push("left"),
  };
  route.backend = { use } as unknown as ResolvedBackend;
  route.request = {
    run: () => void told.push("run"),
    fail: (kind) => void told.push(kind),
    ...request,
  } as OutboundRequest;
  route.enterQueue();
  return { route, told };
}

test("MET34: a request that was given up while it waited leaves the queue when it is woken", () => {
  const { route, told } = waiting({ done: true });
  route.onEndpoints();
  expect(told).toEqual(["entered", "woken", "left"]);
});

test("MET34: one that is still wanted leaves it with an endpoint, or when there will be none", () => {
  const woken = waiting({ done: false });
  woken.route.onEndpoints();
  expect(woken.told).toEqual(["entered", "woken", "run"]);
  const failed = waiting({ done: false });
  failed.route.onFailfast();
  expect(failed.told).toEqual(["entered", "woken", "left", "failfast"]);
});
