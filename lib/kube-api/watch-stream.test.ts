import { expect, test } from "bun:test";
import { BUILT_IN } from "./kinds.ts";
import { Store } from "./store.ts";
import { startWatch, type WireEvent } from "./watch-stream.ts";

const [resource] = BUILT_IN;
const place = { table: "pods", namespace: "n", name: "a" };
const pod = (app: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "a", namespace: "n", labels: { app } },
});

test("startWatch() adds what comes under the selector and deletes what leaves it", () => {
  if (resource === undefined) throw new Error("no kind");
  const store = new Store();
  const events: WireEvent[] = [];
  store.put(place, pod("x"));
  const stop = startWatch(
    store,
    { resource, request: { labelSelector: "app=x", sendInitialEvents: true } },
    (event) => events.push(event),
  );
  store.put(place, pod("x"));
  store.put(place, pod("y"));
  store.put(place, pod("x"));
  store.remove(place, pod("x"));
  store.put({ ...place, table: "services" }, pod("x"));
  stop();
  store.put(place, pod("x"));
  expect(events.map(({ type }) => type)).toEqual([
    "ADDED",
    "BOOKMARK",
    "MODIFIED",
    "DELETED",
    "ADDED",
    "DELETED",
  ]);
});

test("startWatch() resumes, and refuses what is too old", () => {
  if (resource === undefined) throw new Error("no kind");
  const store = new Store();
  const from = store.version;
  store.put(place, pod("x"));
  const events: WireEvent[] = [];
  startWatch(
    store,
    { resource, request: { resourceVersion: String(from), namespace: "n" } },
    (event) => events.push(event),
  )();
  expect(events).toHaveLength(1);
  store.compact();
  expect(() =>
    startWatch(store, { resource, request: { resourceVersion: String(from) } }, () => undefined),
  ).toThrow("too old");
});
