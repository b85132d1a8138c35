import { expect, test } from "bun:test";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import { FakeInformer } from "../../test/fake/informer.ts";
import { PolicyStore, type Turn } from "./policy-store.ts";

const object = (name: string, spec: unknown): CustomObject => ({
  metadata: { name, namespace: "shop" },
  spec,
});

function setUp(...objects: CustomObject[]) {
  const informer = new FakeInformer<CustomObject>(...objects);
  const turns: Turn<unknown>[] = [];
  const faults: string[] = [];
  const store = new PolicyStore<unknown>({
    informer,
    resource: "things",
    read: ({ spec }, noted) => {
      if (spec === "odd") noted.push("spec is odd");
      return spec;
    },
    onFault: ({ resource, object: name, fault }) => faults.push(`${resource} ${name} ${fault}`),
    onTurn: (turn) => turns.push(turn),
  });
  return { informer, turns, faults, store };
}

test("PolicyStore has what was there before it, and tells of what changes", () => {
  const { informer, turns, store } = setUp(object("a", { x: 1 }));
  expect(store.in("shop")).toEqual([{ x: 1 }]);
  expect(store.in("other")).toEqual([]);
  informer.put(object("a", { x: 1 }));
  expect(turns).toEqual([]);
  informer.put(object("a", { x: 2 }));
  informer.put(object("b", { y: 1 }));
  informer.drop({ name: "a", namespace: "shop" });
  expect(turns).toEqual([
    { namespace: "shop", name: "a", before: { x: 1 }, after: { x: 2 } },
    { namespace: "shop", name: "b", before: undefined, after: { y: 1 } },
    { namespace: "shop", name: "a", before: { x: 2 }, after: undefined },
  ]);
  expect(store.in("shop")).toEqual([{ y: 1 }]);
  expect(store.in("shop")).toBe(store.in("shop"));
  expect([...store.all()]).toEqual([["shop", { y: 1 }]]);
  expect(store.sizes()).toEqual(new Map([["shop", 1]]));
  store.stop();
  informer.put(object("c", {}));
  expect(store.get({ namespace: "shop", name: "c" })).toBeUndefined();
});

test("F7: PolicyStore names each version of an object that cannot be read whole", () => {
  const { informer, faults } = setUp(object("a", "odd"));
  informer.put(object("b", {}));
  informer.put(object("b", "odd"));
  expect(faults).toEqual(["things shop/a spec is odd", "things shop/b spec is odd"]);
});
