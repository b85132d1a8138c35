import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import type { EndpointSet } from "../core/endpoint.ts";
import { endpointFollowers } from "./subscriber-metrics.ts";

const QUERY = { namespace: "shop", name: "web", port: 80, instance: undefined, node: "n" };
const setOf = (endpoints: number, exists: boolean): EndpointSet =>
  ({ endpoints: { size: endpoints }, exists }) as unknown as EndpointSet;

test("CPM1: streams that follow endpoints are counted by Service, with what these were said to be", () => {
  const registry = new Registry();
  const followers = endpointFollowers(registry);
  const told = (): string => writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  const labels = 'cluster="local",namespace="shop",service="web",port="80",hostname="",nodename=""';
  followers.joined(QUERY);
  followers.joined(QUERY);
  followers.changed(QUERY, setOf(3, true));
  followers.changed(QUERY, setOf(2, true));
  expect(told()).toContain(`endpoints_subscribers{${labels}} 2\n`);
  expect(told()).toContain(`endpoints_updates{${labels}} 2\n`);
  expect(told()).toContain(`endpoints_pods{${labels}} 2\n`);
  expect(told()).toContain(`endpoints_exists{${labels}} 1\n`);
  followers.left(QUERY);
  expect(told()).toContain(`endpoints_subscribers{${labels}} 1\n`);
  followers.left(QUERY);
  expect(told()).not.toContain(`endpoints_subscribers{${labels}} 1\n`);
});
