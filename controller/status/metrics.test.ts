import { expect, test } from "bun:test";
import { Registry } from "#lib/metrics/registry.ts";
import { statusMetrics } from "./metrics.ts";

test("CPM5: statuses are counted by Linkerd's names", () => {
  const registry = new Registry();
  const { count, took } = statusMetrics(registry);
  count("patches");
  took(30);
  const names = [...registry.families].map(({ name }) => name);
  expect(names).toEqual([
    "resource_status_patches_total",
    "resource_status_patch_api_errors_total",
    "resource_status_patch_timeouts_total",
    "resource_status_patch_dequeues_total",
    "resource_status_patch_drops_total",
    "resource_status_patch_enqueues_total",
    "resource_status_patch_enqueue_overflows_total",
    "resource_status_patch_duration_seconds",
  ]);
  expect(registry.counter("resource_status_patches_total", "").with().value).toBe(1);
});
