import { expect, test } from "bun:test";
import { CLUSTER_OPTIONS, fakeInformers, fakePod, fakeSlice } from "../../test/fake/web-cluster.ts";
import { Cluster } from "./cluster.ts";

const query = { name: "web", namespace: "shop", instance: undefined, port: 80, node: "node-1" };

function setUp() {
  const from = fakeInformers();
  const cluster = new Cluster(from, CLUSTER_OPTIONS);
  const woken: string[] = [];
  for (const key of [
    ...(["service/shop/web", "endpoints/shop/web", "pod/shop/web-1"] as const),
    ...(["ip/10.96.0.1", "ip/10.1.0.1"] as const),
  ])
    cluster.subscribe(key, () => woken.push(key));
  const addresses = (over = {}): string[] => [
    ...cluster.endpoints({ ...query, ...over }).endpoints.keys(),
  ];
  return { from, cluster, woken, addresses };
}

test("DST1, DST3: services, pods and endpoints are found by name and address", () => {
  const { cluster, addresses } = setUp();
  expect(cluster.servicesAt("10.96.0.1").map(({ name }) => name)).toEqual(["web"]);
  expect(cluster.workloadAt("10.1.0.1")?.name).toBe("web-1");
  expect(cluster.workload({ name: "x", namespace: "shop" })).toBeUndefined();
  expect(addresses()).toEqual(["10.1.0.1/8080"]);
  expect(addresses({ name: "none" })).toEqual([]);
  expect(cluster.endpoints({ ...query, name: "none" }).exists).toBe(false);
});

test("a change wakes the keys that it affects and no other", () => {
  const { from, woken, addresses, cluster } = setUp();
  const second = fakePod("web-2", "10.1.0.2");
  from.pods.put(second);
  expect(woken.splice(0)).toEqual([]);
  from.slices.put(fakeSlice([second]));
  expect(woken.splice(0)).toEqual(["endpoints/shop/web"]);
  expect(addresses()).toEqual(["10.1.0.2/8080"]);
  from.pods.drop({ name: "web-1", namespace: "shop" });
  expect(woken.splice(0)).toEqual(["pod/shop/web-1", "ip/10.1.0.1"]);
  expect(cluster.workloadAt("10.1.0.1")).toBeUndefined();
  from.services.drop({ name: "web", namespace: "shop" });
  expect(woken.splice(0)).toEqual(["service/shop/web", "endpoints/shop/web", "ip/10.96.0.1"]);
  from.namespaces.put({ metadata: { name: "shop", annotations: { a: "b" } } });
  expect(woken.splice(0)).toHaveLength(5);
  from.nodes.put({ metadata: { name: "node-1" } });
  expect(woken.splice(0)).toEqual(["endpoints/shop/web"]);
  cluster.stop();
  from.pods.put(fakePod("web-1", "10.1.0.1"));
  expect(woken).toEqual([]);
});
