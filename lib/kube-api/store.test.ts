import { expect, test } from "bun:test";
import { Store, type StoreEvent } from "./store.ts";

const place = (name: string) => ({ table: "t", namespace: "n", name });

test("Store counts versions up and tells every change", () => {
  const store = new Store();
  const events: StoreEvent[] = [];
  const stop = store.subscribe((event) => events.push(event));
  const first = store.put(place("a"), { metadata: { name: "a" } });
  store.put(place("a"), first);
  store.remove(place("a"), first);
  store.remove(place("a"), first);
  stop();
  store.put(place("b"), { metadata: { name: "b" } });
  expect(events.map(({ type, version }) => [type, version])).toEqual([
    ["ADDED", 2],
    ["MODIFIED", 3],
    ["DELETED", 4],
  ]);
  expect([store.list("t"), store.list("t", "other")]).toMatchObject([
    [{ metadata: { name: "b" } }],
    [],
  ]);
});

test("Store forgets changes beyond its limit", () => {
  const store = new Store(2);
  const from = store.version;
  for (let count = 0; count < 4; count++) store.put(place("a"), { metadata: {} });
  expect(store.since("t", from)).toHaveLength(4);
  store.put(place("a"), { metadata: {} });
  expect(store.since("t", from)).toBeUndefined();
  expect(store.since("t", store.version - 2)).toHaveLength(2);
  store.compact();
  expect(store.since("t", store.version - 1)).toBeUndefined();
});
