import { expect, test } from "bun:test";
import { ObjectStore } from "./object-store.ts";
import type { Pod } from "./types/core.ts";

const pod = (uid: string, resourceVersion: string): Pod => ({
  metadata: { name: "x", namespace: "a", uid, resourceVersion },
});

function play(act: (store: ObjectStore<Pod>) => void): string[] {
  const store = new ObjectStore<Pod>((error) => {
    throw error;
  });
  const told: string[] = [];
  store.subscribe(({ type, object, previous }) => {
    const { uid, resourceVersion } = object.metadata ?? {};
    told.push(`${type} ${uid} ${resourceVersion} ${previous?.metadata?.uid ?? "-"}`);
  });
  act(store);
  return told;
}

test("ObjectStore.put() tells what is new, once", () => {
  const told = play((store) => {
    store.put(pod("u", "1"));
    store.put(pod("u", "1"));
    store.put(pod("u", "2"));
    expect(store.get({ name: "x", namespace: "a" })).toEqual(pod("u", "2"));
  });
  expect(told).toEqual(["added u 1 -", "modified u 2 u"]);
});

test("F8: an object that was made again under its name is another one, deleted first", () => {
  const told = play((store) => {
    store.put(pod("u", "1"));
    store.put(pod("v", "2"));
    expect(store.list()).toHaveLength(1);
  });
  expect(told).toEqual(["added u 1 -", "deleted u 1 u", "added v 2 -"]);
});

test("ObjectStore.set() tells even of a version that is known, drop() only of what is there", () => {
  const told = play((store) => {
    store.set(pod("u", "1"));
    store.set(pod("u", "1"));
    store.drop(pod("u", "2"));
    store.drop(pod("u", "2"));
  });
  expect(told).toEqual(["added u 1 -", "modified u 1 u", "deleted u 2 u"]);
});

test("a listener that throws costs the others nothing", () => {
  const faults: unknown[] = [];
  const told: string[] = [];
  const store = new ObjectStore<Pod>((error) => faults.push(error));
  const fault = new Error("one listener's own");
  store.subscribe(() => {
    throw fault;
  });
  store.subscribe(({ type }) => told.push(type));
  store.put(pod("u", "1"));
  store.drop(pod("u", "1"));
  expect([told, faults]).toEqual([
    ["added", "deleted"],
    [fault, fault],
  ]);
});
