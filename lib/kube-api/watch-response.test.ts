import { afterAll, beforeAll, expect, test } from "bun:test";
import { CONFIG_MAPS } from "#lib/k8s/resource.ts";
import type { WatchEvent } from "#lib/k8s/watch.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

const map = (name: string, data: Record<string, string> = {}) => ({
  metadata: { name, namespace: "mesh" },
  data,
});

test("watch() tells changes from a version on, and 410 where that is gone", async () => {
  const abort = new AbortController();
  const { metadata } = await fake.admin.list(CONFIG_MAPS, { namespace: "mesh" });
  const resourceVersion = metadata?.resourceVersion ?? "";
  const events: WatchEvent[] = [];
  await fake.admin.create(CONFIG_MAPS, map("watched"));
  const watch = {
    namespace: "mesh",
    fieldSelector: "metadata.name=watched",
    resourceVersion,
    signal: abort.signal,
  };
  for await (const event of fake.admin.watch(CONFIG_MAPS, watch)) {
    if (event.type === "OPENED") continue;
    events.push(event);
    if (events.length === 1)
      await fake.admin.delete(CONFIG_MAPS, { name: "watched", namespace: "mesh" });
    else break;
  }
  expect(events.map(({ type }) => type)).toEqual(["ADDED", "DELETED"]);
  fake.api.store.compact();
  const expired: WatchEvent[] = [];
  for await (const event of fake.admin.watch(CONFIG_MAPS, watch)) expired.push(event);
  expect(expired).toEqual([{ type: "EXPIRED" }]);
  abort.abort();
});

test("a watch ends in time, late events and tables included", async () => {
  fake.api.faults.eventDelayMs = 1;
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const query = "watch=true&timeoutSeconds=0&sendInitialEvents=true&allowWatchBookmarks=true";
  const answer = await fake.ask(`/api/v1/namespaces/mesh?${query}`, { headers: { accept } });
  const types = (await answer.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; object: { kind: string } });
  expect(types.map(({ type, object }) => [type, object.kind])).toEqual([
    ["ADDED", "Table"],
    ["BOOKMARK", "Namespace"],
  ]);
});
