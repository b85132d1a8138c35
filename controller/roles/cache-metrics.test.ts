import { expect, test } from "bun:test";
import type { Informer } from "#lib/k8s/informer.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeInformer } from "../../test/fake/informer.ts";
import { type CachedKind, registerCacheSizes } from "./cache-metrics.ts";

test("CPM1: objects are counted by kind, and those that may be old are said", () => {
  const registry = new Registry();
  const pods = new FakeInformer({ metadata: { name: "a" } }, { metadata: { name: "b" } });
  const away = Object.assign(new FakeInformer(), { degraded: true });
  const nobody = new FakeInformer();
  const known: Record<string, Informer<unknown>> = { pods, tlsRoutes: away };
  const informers = new Proxy({} as Record<CachedKind, Informer<unknown>>, {
    get: (_, kind: string) => known[kind] ?? nobody,
  });
  registerCacheSizes(registry, informers)();
  const told = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  expect(told).toContain("\npod_cache_size 2\n");
  expect(told).toContain("\nserver_cache_size 0\n");
  expect(told).toContain('\nbunkerd_kubernetes_degraded{kind="tlsroute"} 1\n');
  expect(told).toContain('\nbunkerd_kubernetes_degraded{kind="pod"} 0\n');
});
