import { afterEach, expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { WATCH_LINE_LIMIT, type WatchEvent, WatchParser } from "#lib/k8s/watch.ts";
import { startDestination } from "../../controller/roles/destination.ts";
import { FakeControllers } from "../fake/controllers.ts";
import type { FakeKubeApi } from "../fake/kube-api.ts";
import { until } from "../fake/mesh.ts";
import { RecordedLog } from "../fake/recorded-log.ts";
import { KubernetesBed } from "./kubernetes-bed.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** What no API server should say, and each of which is to be told once. */
const ODD: readonly unknown[] = [
  null,
  7,
  [],
  { metadata: null },
  { metadata: { name: 7 } },
  { metadata: { name: "" } },
  { metadata: { name: "odd", namespace: {} } },
];

/** Puts an object among those of the API as no request could. */
function force(kube: FakeKubeApi, table: string, object: KubeObject): void {
  const { name = "", namespace = "" } = object.metadata ?? {};
  kube.api.store.put({ table, namespace, name }, object as never);
}

test("F7: objects that are none are passed over in a list, the others are known", async () => {
  const bed = await KubernetesBed.start();
  stops.push(() => bed.stop());
  await bed.put("a", "1");
  const { admin } = bed.kube;
  bed.client = {
    ...admin,
    list: async (resource, options) => {
      const list = await admin.list(resource, options);
      return { ...list, items: [...(ODD as never[]), ...list.items, ...(ODD as never[])] };
    },
  } satisfies KubeClient;
  bed.kube.api.stop();
  bed.kube.api.store.compact();
  await bed.until(() => bed.value("a") === "1" && bed.count("list") === 2, "a, listed again");
  await bed.put("b", "1");
  await bed.soon(() => bed.value("b") === "1", "b");
  expect(bed.informer.list().every(({ metadata }) => typeof metadata?.name === "string")).toBe(
    true,
  );
  const said = bed.log.lines.filter((line) => line.includes("passed over"));
  expect(said.length).toBeGreaterThan(0);
  expect(said.length).toBeLessThanOrEqual(ODD.length);
});

test("F7: lines of a watch that are too long or no event are passed over, a line of log each", async () => {
  const bed = await KubernetesBed.start();
  stops.push(() => bed.stop());
  await bed.soon(() => bed.opened > 0, "a watch");
  const event = (name: string, version: number, annotations = {}): string =>
    JSON.stringify({
      type: "ADDED",
      object: {
        metadata: {
          name,
          namespace: "mesh",
          uid: name,
          resourceVersion: `${version}`,
          annotations,
        },
        data: { v: "1" },
      },
    });
  const lines = [
    "\u0000garbage",
    '{"type":"SOMETHING","object":{}}',
    event("before", 1_000_001, { note: "n".repeat(1024 * 1024) }),
    event("huge", 1_000_002, { note: "n".repeat(WATCH_LINE_LIMIT) }),
    '{"type":"ADDED","object":{"metadata":{"name":[]}}}',
    event("after", 1_000_003),
  ];
  const parser = new WatchParser();
  bed.client = {
    ...bed.kube.admin,
    watch: async function* (_, { signal }): AsyncGenerator<WatchEvent> {
      yield* parser.push(new TextEncoder().encode(`${lines.join("\n")}\n`));
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  };
  bed.kube.api.stop();
  await bed.until(() => bed.value("after") === "1", "what came after");
  expect([bed.value("before"), bed.value("huge")]).toEqual(["1", undefined]);
  expect(bed.log.lines.filter((line) => line.includes("passed over"))).toHaveLength(4);
});

test("F7: pods, Services and slices of wrong types do not keep the role from serving the others", async () => {
  const plane = await FakeControllers.start();
  stops.push(() => plane.stop());
  const { kube } = plane;
  await plane.addPod("good", "10.1.0.1");
  await plane.setEndpoints({ good: "10.1.0.1" });
  const metadata = { name: "odd", namespace: "mesh", uid: "odd" };
  const labels = { "kubernetes.io/service-name": "web" };
  for (const [table, object] of [
    ["pods", { metadata, spec: { containers: "none", nodeName: 7 } }],
    ["services", { metadata, spec: { clusterIPs: {}, ports: "80" } }],
    [
      "endpointslices.discovery.k8s.io",
      { metadata: { ...metadata, labels }, addressType: "IPv4", endpoints: [{ addresses: "all" }] },
    ],
    ["namespaces", { metadata: { name: "odd", annotations: { a: {} } } }],
    ["nodes", { metadata: { name: "odd", labels: [] } }],
  ] as const)
    force(kube, table, object as never);
  const log = new RecordedLog();
  const any = { ip: "127.0.0.1", port: 0 };
  const second = startDestination(
    { ...plane.destinationArgs, addr: any, policyAddr: any, adminAddr: any },
    { ...plane.around, log: log.logger },
  );
  stops.push(() => second.stop());
  await second.ready;
  for (const port of [plane.destination.port, second.port]) {
    const seen: string[] = [];
    const watch = plane
      .discovery("client", port)
      .watchEndpoints("web.mesh.svc.cluster.local:80", (update) => {
        if ("endpoints" in update) seen.push(...update.endpoints.map(({ addr }) => addr.ip));
      });
    await until(
      () => seen.includes("10.1.0.1"),
      () => "the good endpoint",
    );
    watch.cancel();
  }
  for (const plural of ["pods", "services", "endpointslices", "namespaces", "nodes"])
    expect(
      log.lines.filter((line) =>
        line.includes(`passed over: it cannot be read resource=${plural} `),
      ),
    ).toHaveLength(1);
  expect(plane.faults).toEqual([]);
});
