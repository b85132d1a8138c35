import { expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import { PODS } from "#lib/k8s/resource.ts";
import type { WatchEvent } from "#lib/k8s/watch.ts";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { countWatches } from "./watch-metrics.ts";

const away = new KubeError("unreachable", { doing: "list pods" } as never);

/** A client that gives these events, and then fails; its lists fail where told. */
const clientOf = (events: readonly WatchEvent[], lists: boolean): KubeClient =>
  ({
    list: () => (lists ? Promise.resolve({ items: [] }) : Promise.reject(away)),
    watch: async function* () {
      yield* events;
      throw away;
    },
  }) as unknown as KubeClient;

test("CPM5: events of watches are counted by what they are and of which kind, and what fails by why", async () => {
  const registry = new Registry();
  const object = {};
  const events: WatchEvent[] = [
    { type: "OPENED" },
    { type: "ADDED", object },
    { type: "MODIFIED", object },
    { type: "DELETED", object },
    { type: "BOOKMARK", resourceVersion: "5" },
  ];
  const client = countWatches(clientOf(events, true), registry);
  await client.list(PODS);
  await client.list(PODS, { continue: "more" });
  const seen: string[] = [];
  const { signal } = new AbortController();
  const read = async (): Promise<void> => {
    for await (const { type } of client.watch(PODS, { resourceVersion: "1", signal }))
      seen.push(type);
  };
  const why = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);
  expect(await why(read())).toBe(away);
  expect(seen).toEqual(events.map(({ type }) => type));
  expect(await why(countWatches(clientOf([], false), registry).list(PODS))).toBe(away);
  const told = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  const pods = 'kind="Pod",group="",version="v1"';
  for (const [op, count] of [
    ["Restart", 1],
    ["Apply", 2],
    ["Delete", 1],
  ])
    expect(told).toContain(`kube_watch_events_total{op="${op}",${pods}} ${count}\n`);
  expect(told).toContain(`kube_watch_errors_total{${pods},error="${away.code}"} 2\n`);
});
