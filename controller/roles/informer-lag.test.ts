import { expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import { NAMESPACES, PODS, type Resource, SERVERS } from "#lib/k8s/resource.ts";
import type { WatchEvent } from "#lib/k8s/watch.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { measureLag } from "./informer-lag.ts";

const WALL_MS = Date.parse("2030-01-01T00:00:10Z");
const object = (...times: readonly string[]): WatchEvent & object => ({
  type: "MODIFIED",
  object: {
    metadata: {
      creationTimestamp: "2030-01-01T00:00:00Z",
      managedFields: times.map((time) => ({ time: `2030-01-01T00:00:${time}Z` })),
    },
  } as never,
});

async function toldOf(resource: Resource, events: readonly WatchEvent[]): Promise<string> {
  const registry = new Registry();
  const raw = {
    watch: async function* () {
      yield* events;
    },
  } as unknown as KubeClient;
  const client = measureLag(raw, { registry, wall: () => WALL_MS });
  const { signal } = new AbortController();
  const seen: WatchEvent[] = [];
  for await (const event of client.watch(resource, { resourceVersion: "1", signal }))
    seen.push(event as WatchEvent);
  expect(seen).toEqual([...events]);
  return writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
}

test("CPM1: what was written last says how old an event is; a clock that is ahead is no age", async () => {
  const told = await toldOf(PODS, [
    { type: "OPENED" },
    object("02", "08", "05"),
    object("59"),
    { type: "ADDED", object: { metadata: { creationTimestamp: "2030-01-01T00:00:06Z" } } as never },
    { type: "ADDED", object: {} },
    { type: "ADDED", object: { metadata: { managedFields: 7, creationTimestamp: "soon" } } },
    { type: "DELETED", object: {} },
    { type: "BOOKMARK", resourceVersion: "5" },
  ]);
  expect(told).toContain("pods_informer_lag_seconds_count 3\n");
  expect(told).toContain("pods_informer_lag_seconds_sum 6\n");
  expect(told).toContain('pods_informer_lag_seconds_bucket{le="0.5"} 1\n');
  expect(told).toContain('pods_informer_lag_seconds_bucket{le="2.5"} 2\n');
});

test("CPM1: kinds are apart, and those that Linkerd does not measure are not", async () => {
  expect(await toldOf(SERVERS, [object("09")])).toContain("servers_informer_lag_seconds_count 1\n");
  const told = await toldOf(NAMESPACES, [object("09")]);
  for (const name of ["endpointslices", "services", "externalworkload", "serviceprofiles"])
    expect(told).toContain(`${name}_informer_lag_seconds_count 0\n`);
});
