import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { UpdateSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { SERVICE_NAME } from "#lib/k8s/resource.ts";
import type { Namespace, Node, Pod, Service } from "#lib/k8s/types/core.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { EndpointSets } from "../../controller/api/endpoint-sets.ts";
import { Cluster } from "../../controller/index/cluster.ts";
import { FakeInformer } from "../fake/informer.ts";
import { FakeCall } from "../fake/server-call.ts";

const SERVICES = 1_000;
const ENDPOINTS = 10_000;
const A_SLICE = 100;
/** What the objects, the index over them and what is sent may take of the heap together: 200 bytes an endpoint, times ten. */
const BUDGET_BYTES = 64 * 1024 * 1024;

const service = (name: string): Service => ({
  metadata: { name, namespace: "shop" },
  spec: { ports: [{ port: 80 }] },
});
const ipOf = (at: number): string => `10.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`;
const slice = (of: string, number: number, addresses: readonly string[]): EndpointSlice => ({
  metadata: { name: `${of}-${number}`, namespace: "shop", labels: { [SERVICE_NAME]: of } },
  addressType: "IPv4",
  ports: [{ port: 8080 }],
  endpoints: addresses.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
});
const numbers = (count: number, from = 0): number[] =>
  Array.from({ length: count }, (_, index) => from + index);

function heapBytes(): number {
  Bun.gc(true);
  return heapStats().heapSize;
}

test("F10: of 10,000 endpoints and 1,000 Services each change is told by itself, within the memory budget", () => {
  const before = heapBytes();
  const informers = {
    pods: new FakeInformer<Pod>(),
    services: new FakeInformer<Service>(),
    slices: new FakeInformer<EndpointSlice>(),
    namespaces: new FakeInformer<Namespace>(),
    nodes: new FakeInformer<Node>(),
    externalWorkloads: new FakeInformer<CustomObject>(),
    servers: new FakeInformer<CustomObject>(),
  };
  const cluster = new Cluster(informers, {
    opaquePorts: "",
    h2Upgrade: true,
    transportHeader: true,
    ipv6: true,
    controllerNamespace: "linkerd",
    trustDomain: "cluster.local",
  });
  const sets = new EndpointSets(cluster);
  informers.services.put(service("big"));
  for (const number of numbers(ENDPOINTS / A_SLICE))
    informers.slices.put(slice("big", number, numbers(A_SLICE, number * A_SLICE).map(ipOf)));
  for (const number of numbers(SERVICES)) {
    informers.services.put(service(`s${number}`));
    informers.slices.put(slice(`s${number}`, 0, [ipOf(100_000 + number)]));
  }
  const query = { namespace: "shop", port: 80, instance: undefined, node: "" };
  const watchers = numbers(100).map(() => new FakeCall(new Uint8Array()));
  for (const call of watchers) sets.watch(call, { ...query, name: "big" });
  const small = numbers(SERVICES).map((number) => {
    const call = new FakeCall(new Uint8Array());
    sets.watch(call, { ...query, name: `s${number}` });
    return call;
  });
  const first = watchers[0]?.sent[0];
  // The same bytes to everybody, not a copy each.
  expect(watchers.every(({ sent }) => sent[0] === first)).toBe(true);
  for (const call of [...watchers, ...small]) call.sent.length = 0;
  expect(heapBytes() - before).toBeLessThan(BUDGET_BYTES);
  informers.slices.put(slice("big", 7, [...numbers(A_SLICE - 1, 700).map(ipOf), "10.9.9.9"]));
  for (const call of watchers) {
    const updates = call.take().map((bytes) => fromBinary(UpdateSchema, bytes).update);
    expect(updates.map((update) => update.case)).toEqual(["add", "remove"]);
    expect(updates.map(({ value }) => (value as { addrs: unknown[] }).addrs.length)).toEqual([
      1, 1,
    ]);
  }
  expect(small.filter(({ sent }) => sent.length > 0)).toEqual([]);
  cluster.stop();
});
