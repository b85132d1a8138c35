import { afterEach, expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import type { WatchEvent } from "#lib/k8s/watch.ts";
import { FakeKubeApi } from "../fake/kube-api.ts";
import { KubernetesBed } from "./kubernetes-bed.ts";

let bed: KubernetesBed;
let other: FakeKubeApi | undefined;
afterEach(() => {
  bed.stop();
  other?.stop();
  other = undefined;
});

const watching = (): Promise<void> => bed.soon(() => bed.opened > 0, "a watch");

/** The API, but for watches, which are written down; after the last it is the API's again. */
function scripted(kube: FakeKubeApi, watches: WatchEvent[][]): KubeClient {
  return {
    ...kube.admin,
    watch: (resource, options) => {
      const events = watches.shift();
      return events === undefined ? kube.admin.watch(resource, options) : play(events);
    },
  };
}

async function* play(events: readonly WatchEvent[]): AsyncGenerator<WatchEvent> {
  yield* events;
}

test("F1: while the API is away what is known stays, and is marked old; then all is made up for", async () => {
  bed = await KubernetesBed.start();
  await bed.put("a", "1");
  await bed.soon(() => bed.value("a") === "1", "a");
  bed.kube.cutWatches();
  await bed.put("a", "2");
  await bed.pass(100_000);
  expect([bed.value("a"), bed.informer.degraded]).toEqual(["1", true]);
  bed.kube.api.faults.clear();
  expect(await bed.until(() => bed.value("a") === "2", "a again")).toBeLessThan(16_000);
  expect(bed.informer.degraded).toBe(false);
});

test("F2: Retry-After is kept, with jitter beyond it, by lists and by watches", async () => {
  bed = await KubernetesBed.start({
    prepare: ({ api }) => {
      const fault = { type: "status", status: 429, retryAfterSeconds: 7 } as const;
      api.faults.inject({ match: /configmaps\?limit/, times: 1, fault });
      api.faults.inject({ match: "watch=true", times: 1, fault: { ...fault, status: 503 } });
    },
  });
  await bed.until(() => bed.count("watch") === 2, "the second watch");
  const [first, second, refused, watch] = bed.asked.map(({ atMs }) => atMs);
  for (const [from = 0, to = 0] of [
    [first, second],
    [refused, watch],
  ]) {
    expect(to - from).toBeGreaterThanOrEqual(7_000);
    expect(to - from).toBeLessThan(7_000 * 1.5 + 500);
  }
});

test("F3: 410 as a status lists once, and no change is lost", async () => {
  bed = await KubernetesBed.start();
  await bed.put("kept", "1");
  await bed.put("gone", "1");
  await bed.soon(() => bed.informer.list().length >= 2, "both");
  await watching();
  bed.kube.cutWatches(1);
  await bed.put("kept", "2");
  await bed.delete("gone");
  await bed.put("new", "1");
  bed.kube.api.store.compact();
  const lists = bed.count("list");
  await bed.until(() => bed.value("new") === "1", "the new one");
  expect([bed.value("kept"), bed.value("gone")]).toEqual(["2", undefined]);
  await bed.put("later", "1");
  await bed.soon(() => bed.value("later") === "1", "what came later");
  expect(bed.count("list") - lists).toBe(1);
});

test("F3: 410 within a watch lists once, and no change is lost", async () => {
  bed = await KubernetesBed.start();
  await watching();
  await bed.put("a", "1");
  await bed.soon(() => bed.value("a") === "1", "a");
  bed.client = scripted(bed.kube, [[{ type: "OPENED" }, { type: "EXPIRED" }]]);
  const lists = bed.count("list");
  bed.kube.api.stop();
  await bed.put("a", "2");
  await bed.until(() => bed.value("a") === "2", "the change");
  await bed.pass(20_000);
  expect(bed.count("list") - lists).toBe(1);
});

test("F4: a watch that stalls silently is opened again within 60 s", async () => {
  bed = await KubernetesBed.start();
  await watching();
  // Of what is under way nothing arrives any more, and nothing ends.
  bed.kube.api.faults.eventDelayMs = 1_000_000_000;
  await bed.put("a", "1");
  await bed.pass(1_000);
  expect(bed.value("a")).toBeUndefined();
  expect(await bed.until(() => bed.value("a") === "1", "a")).toBeLessThan(60_000);
  expect(bed.count("list")).toBe(1);
});

test("F4: a watch that is never answered is asked for again within 60 s", async () => {
  bed = await KubernetesBed.start({
    prepare: ({ api }) =>
      api.faults.inject({ match: "watch=true", times: 1, fault: { type: "stall" } }),
  });
  await bed.soon(() => bed.count("watch") === 1, "the watch");
  await bed.put("a", "1");
  expect(await bed.until(() => bed.value("a") === "1", "a")).toBeLessThan(60_000);
  expect(bed.log.lines.join("\n")).toContain("the watch has stalled");
});

test("F5: events that come late never bring back what was before", async () => {
  bed = await KubernetesBed.start();
  await watching();
  bed.kube.api.faults.eventDelayMs = 20;
  for (let v = 1; v <= 20; v++) await bed.put("a", String(v));
  await bed.delete("a");
  await bed.put("a", "anew");
  await bed.soon(() => bed.value("a") === "anew", "the last state");
  expect(bed.versions).toEqual(bed.versions.toSorted((a, b) => a - b));
  expect(bed.changes.filter((each) => each === "added a 1")).toHaveLength(1);
});

test("F6: a watch that ends every second is opened with back-off, and lists are 5 s apart", async () => {
  bed = await KubernetesBed.start();
  await watching();
  const { clock, kube } = bed;
  bed.client = {
    ...kube.admin,
    watch: async function* () {
      yield { type: "OPENED" };
      await new Promise<void>((resolve) => void clock.after(1_000, resolve));
      yield { type: "EXPIRED" };
    },
  };
  kube.api.stop();
  bed.asked.length = 0;
  await bed.pass(100_000);
  const lists = bed.asked.filter(({ verb }) => verb === "list").map(({ atMs }) => atMs);
  expect(lists.length).toBeGreaterThan(3);
  expect(lists.length).toBeLessThanOrEqual(100_000 / 5_000);
  for (const [index, atMs] of lists.entries())
    expect(atMs - (lists[index - 1] ?? 0)).toBeGreaterThanOrEqual(5_000);
  expect(bed.count("watch")).toBeLessThan(25);
});

const event = (type: "ADDED" | "MODIFIED" | "DELETED", v: number, uid = "u"): WatchEvent => ({
  type,
  object: {
    metadata: { name: "a", namespace: "mesh", uid, resourceVersion: String(1_000_000 + v) },
    data: { v: String(v) },
  },
});

test("F8: what is deleted and made again under its name is another one", async () => {
  bed = await KubernetesBed.start();
  await bed.put("a", "1");
  await bed.soon(() => bed.value("a") === "1", "a");
  await watching();
  bed.kube.cutWatches(1);
  await bed.delete("a");
  await bed.put("a", "2");
  bed.kube.api.store.compact();
  bed.changes.length = 0;
  await bed.until(() => bed.value("a") === "2", "the new one");
  expect(bed.changes).toEqual(["deleted a 1", "added a 2"]);
});

test("F9: events that are doubled, out of order or of what is gone change nothing twice", async () => {
  bed = await KubernetesBed.start();
  await watching();
  bed.client = scripted(bed.kube, [
    [
      event("ADDED", 1),
      event("ADDED", 1),
      event("MODIFIED", 3),
      event("MODIFIED", 3),
      event("DELETED", 4),
      event("DELETED", 4),
    ],
    // What came before is no news: it is asked what holds.
    [event("MODIFIED", 2)],
  ]);
  bed.kube.api.stop();
  await bed.until(() => bed.count("list") === 2, "the second list");
  expect(bed.changes).toEqual(["added a 1", "modified a 3", "deleted a 4"]);
});

test.each([false, true])(
  "F15: versions that go back, as after a restore, are noticed and all is listed (a change tells: %p)",
  async (changes) => {
    bed = await KubernetesBed.start();
    for (let v = 0; v < 100; v++) await bed.put("a", String(v));
    await bed.put("lost", "1");
    await bed.soon(() => bed.value("lost") === "1", "the last state");
    await watching();
    other = await FakeKubeApi.start(bed.clock);
    bed.client = other.admin;
    bed.kube.api.stop();
    if (changes) await bed.until(() => bed.count("watch") > 1, "a watch of the restored");
    await bed.put("a", "restored", other);
    expect(await bed.until(() => bed.value("a") === "restored", "the restored")).toBeLessThan(
      60_000,
    );
    expect(bed.value("lost")).toBeUndefined();
    expect(bed.log.lines.join("\n")).toContain("versions went back");
  },
);
