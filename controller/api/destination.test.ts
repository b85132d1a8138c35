import { expect, test } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  DestinationProfileSchema,
  GetDestinationSchema,
  UpdateSchema,
} from "#lib/api/gen/proxy/destination_pb.ts";
import { FakeCall } from "../../test/fake/server-call.ts";
import { CLUSTER_OPTIONS, fakeInformers, fakePod, fakeSlice } from "../../test/fake/web-cluster.ts";
import { Cluster } from "../index/cluster.ts";
import { destinationHandlers } from "./destination.ts";

const PATH = "web.shop.svc.cluster.local:80";

function setUp() {
  const from = fakeInformers();
  const options = { ...CLUSTER_OPTIONS, clusterDomain: "cluster.local" };
  const handlers = destinationHandlers(new Cluster(from, CLUSTER_OPTIONS), options);
  const ask = (method: string, path: string): FakeCall => {
    const request = create(GetDestinationSchema, { path, contextToken: '{"nodeName":"node-1"}' });
    const call = new FakeCall(toBinary(GetDestinationSchema, request));
    handlers.get(`/io.linkerd.proxy.destination.Destination/${method}`)?.(call);
    return call;
  };
  return { from, ask };
}

const updates = (call: FakeCall): string[] =>
  call.take().map((message) => {
    const { update } = fromBinary(UpdateSchema, message);
    if (update.case === "noEndpoints") return `none ${update.value.exists}`;
    if (update.case === "add")
      return `add ${update.value.addrs.map(({ addr }) => Number(addr?.ip?.ip.value) & 0xff).join()}`;
    return `remove ${update.value?.addrs.map(({ ip }) => Number(ip?.ip.value) & 0xff).join()}`;
  });
const pods = [1, 2, 3].map((at) => fakePod(`web-${at}`, `10.1.0.${at}`));

test("DST1, DST2: Get gives the whole set, then what changes, in bytes that watchers share", () => {
  const { from, ask } = setUp();
  for (const pod of pods) from.pods.put(pod);
  const [first, second] = [ask("Get", PATH), ask("Get", PATH)];
  expect([updates(first), updates(second)]).toEqual([["add 1"], ["add 1"]]);
  from.slices.put(fakeSlice(pods.slice(1)));
  expect(first.sent[0]).toBe(second.sent[0] as Uint8Array);
  expect(updates(first)).toEqual(["add 2,3", "remove 1"]);
  from.slices.put(fakeSlice([]));
  expect(updates(first)).toEqual(["none true"]);
  from.services.drop({ name: "web", namespace: "shop" });
  expect(updates(first)).toEqual(["none false"]);
});

test("DST2: a watcher that was stalled through many changes ends with the newest set", () => {
  const { from, ask } = setUp();
  for (const pod of pods) from.pods.put(pod);
  const call = ask("Get", PATH);
  updates(call);
  call.blocked = true;
  for (const some of [pods.slice(1), [], pods, pods.slice(2)]) from.slices.put(fakeSlice(some));
  expect(updates(call)).toEqual([]);
  call.blocked = false;
  call.onWritable();
  expect(updates(call)).toEqual(["add 3", "remove 1"]);
  call.onWritable();
  expect(updates(call)).toEqual([]);
  call.onCancel();
  from.slices.put(fakeSlice(pods));
  expect(updates(call)).toEqual([]);
});

test.each([
  ["10.0.0.1:80", 3],
  ["example.com:80", 3],
  ["none.shop.svc.cluster.local", 5],
])("DST1: Get(%p) is refused with %p", (path, code) => {
  expect(() => setUp().ask("Get", path)).toThrow(expect.objectContaining({ code }));
});

test("DST15: GetProfile by Service address, undefined port, pod address and name", () => {
  const { from, ask } = setUp();
  const profile = (path: string) =>
    fromBinary(DestinationProfileSchema, ask("GetProfile", path).take()[0] ?? new Uint8Array());
  expect(profile("10.96.0.1:80")).toMatchObject({
    fullyQualifiedName: "web.shop.svc.cluster.local",
    opaqueProtocol: false,
  });
  expect(profile(PATH).parentRef?.kind.value).toMatchObject({ kind: "Service", port: 80 });
  expect(profile("10.96.0.1:9").fullyQualifiedName).toBe("");
  expect(profile("10.1.0.1:25")).toMatchObject({ opaqueProtocol: true });
  expect(profile("10.1.0.1:8080").endpoint?.protocolHint?.opaqueTransport?.inboundPort).toBe(4143);
  expect(profile("1.1.1.1:443").endpoint?.tlsIdentity).toBeUndefined();
  expect(() => profile("none.shop.svc.cluster.local")).toThrow("no Service");
  const watching = ask("GetProfile", "10.96.0.1:80");
  from.services.put({
    metadata: { name: "b", namespace: "shop" },
    spec: { clusterIP: "10.96.0.1" },
  });
  expect(watching.ended).toBe("9 more than one Service has address 10.96.0.1");
  expect(() => profile("10.96.0.1:81")).toThrow("more than one");
});
