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

/** An ExternalWorkload `vm-1` at 192.0.2.9 behind `web`. */
function withExternal() {
  const all = setUp();
  const { from, cluster, woken } = all;
  for (const key of ["external/shop/vm-1", "ip/192.0.2.9"] as const)
    cluster.subscribe(key, () => woken.push(key));
  const put = (identity = "vm.example") =>
    from.externalWorkloads.put({
      metadata: { name: "vm-1", namespace: "shop", labels: { app: "web" } },
      spec: { meshTLS: { identity }, workloadIPs: [{ ip: "192.0.2.9" }] },
    });
  const targetRef = { kind: "ExternalWorkload", name: "vm-1", namespace: "shop" };
  from.slices.put({
    ...fakeSlice([]),
    metadata: {
      ...{ name: "web-ext", namespace: "shop" },
      labels: { "kubernetes.io/service-name": "web" },
    },
    endpoints: [{ addresses: ["192.0.2.9"], targetRef }],
  });
  woken.splice(0);
  return { ...all, put };
}

test("DST3, DST8: a workload outside of the cluster is an endpoint, and its changes wake what it affects", () => {
  const { from, cluster, woken, addresses, put } = withExternal();
  expect(addresses()).toEqual(["10.1.0.1/8080"]);
  put();
  expect(woken.splice(0)).toEqual(["external/shop/vm-1", "ip/192.0.2.9", "endpoints/shop/web"]);
  expect(addresses()).toEqual(["10.1.0.1/8080", "192.0.2.9/8080"]);
  const { endpoints } = cluster.endpoints(query);
  expect(endpoints.get("192.0.2.9/8080")).toMatchObject({
    identity: "vm.example",
    labels: { external_workload: "vm-1" },
  });
  expect(cluster.workloadAt("192.0.2.9")).toMatchObject({ name: "vm-1", external: true });
  expect(cluster.workload({ namespace: "shop", name: "vm-1", external: true })?.name).toBe("vm-1");
  expect(cluster.workload({ namespace: "shop", name: "vm-1" })).toBeUndefined();
  from.externalWorkloads.drop({ name: "vm-1", namespace: "shop" });
  expect(woken.splice(0)).toEqual(["external/shop/vm-1", "ip/192.0.2.9", "endpoints/shop/web"]);
  expect(cluster.workloadAt("192.0.2.9")).toBeUndefined();
  expect(cluster.workload({ namespace: "shop", name: "vm-1", external: true })).toBeUndefined();
});

test("DST9: a Server of protocol opaque marks endpoints, and wakes those that it marks", () => {
  const { from, cluster, woken, put } = withExternal();
  put();
  woken.splice(0);
  const server = (over: object) =>
    from.servers.put({
      metadata: { name: "s", namespace: "shop" },
      spec: { port: 8080, proxyProtocol: "opaque", ...over },
    });
  const hint = (at: string) => cluster.endpoints(query).endpoints.get(at)?.hint;
  server({ podSelector: { matchLabels: { app: "web" } } });
  expect(woken.splice(0)).toEqual(["ip/10.1.0.1", "endpoints/shop/web"]);
  expect([hint("10.1.0.1/8080"), hint("192.0.2.9/8080")]).toEqual(["opaque", "h2"]);
  expect(cluster.workloadAt("10.1.0.1")?.opaque).toContainEqual({ from: 8080, to: 8080 });
  expect(cluster.workload({ namespace: "shop", name: "web-1" })?.opaque).toHaveLength(1);
  server({ externalWorkloadSelector: { matchLabels: { app: "web" } } });
  expect(woken.splice(0)).toEqual(["ip/10.1.0.1", "ip/192.0.2.9", "endpoints/shop/web"]);
  expect([hint("10.1.0.1/8080"), hint("192.0.2.9/8080")]).toEqual(["h2", "opaque"]);
  server({ podSelector: { matchLabels: { app: "none" } } });
  expect(woken.splice(0)).toEqual(["ip/192.0.2.9", "endpoints/shop/web"]);
});

test("DST9, DST15: a Server that marks a pod wakes who watches a port of its node that leads there", () => {
  const { from, cluster, woken } = setUp();
  const key = "ip/172.18.0.2";
  cluster.subscribe(key, () => woken.push(key));
  const pod = fakePod("web-1", "10.1.0.1");
  const ports = [{ containerPort: 8080, hostPort: 30_080 }];
  from.pods.put({
    ...pod,
    spec: { ...pod.spec, containers: [{ name: "app", ports }] },
    status: { podIP: "10.1.0.1", hostIP: "172.18.0.2" },
  });
  woken.splice(0);
  from.servers.put({
    metadata: { name: "s", namespace: "shop" },
    spec: { port: 8080, proxyProtocol: "opaque", podSelector: { matchLabels: { app: "web" } } },
  });
  expect(woken).toEqual(["ip/10.1.0.1", key, "endpoints/shop/web"]);
  const { workload } = cluster.workloadOnHost("172.18.0.2", 30_080) ?? {};
  expect(workload?.opaque).toContainEqual({ from: 8080, to: 8080 });
});

test("DST15: a port of a node is found at each address of the node", () => {
  const { from, cluster } = setUp();
  const pod = fakePod("web-1", "10.1.0.1");
  const ports = [{ containerPort: 8080, hostPort: 30_080 }];
  const hostIPs = [{ ip: "172.18.0.2" }, { ip: "fd00:18::2" }];
  from.pods.put({
    ...pod,
    spec: { ...pod.spec, containers: [{ name: "app", ports }] },
    status: { podIP: "10.1.0.1", hostIP: "172.18.0.2", hostIPs },
  });
  for (const { ip } of hostIPs)
    expect(cluster.workloadOnHost(ip, 30_080)).toMatchObject({
      workload: { name: "web-1" },
      port: 8080,
    });
  from.pods.drop({ name: "web-1", namespace: "shop" });
  expect(hostIPs.flatMap(({ ip }) => cluster.workloadOnHost(ip, 30_080) ?? [])).toEqual([]);
});
